/**
 * @file The documentation of the API, in two forms, each with a strict policy of its own. All of it comes from
 * this server; nothing comes from elsewhere and nothing goes elsewhere.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { buildOpenApi } from '@zkvault/contract';
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';

/** What the documentation shows, and to whom. */
export interface DocsDeps {
  readonly version: string;
  readonly appName: string;
  /** Throws at who may not read it; undefined lets everybody. */
  readonly assertMayRead: onRequestAsyncHookHandler | undefined;
}

/** The hash is of the one style sheet that its script writes into the page; a browser shows the next one. */
const SWAGGER_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The hashes are of the empty style element that Redoc fills by script, rule by rule, and of one that it writes whole. */
const REDOC_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves `/openapi.json`, `/docs` and `/redoc`. */
export async function docsRoutes(app: FastifyInstance, deps: DocsDeps): Promise<void> {
  if (deps.assertMayRead !== undefined) app.addHook('onRequest', deps.assertMayRead);
  const document = buildOpenApi({ version: deps.version });
  const text = JSON.stringify(document);
  app.get('/openapi.json', async (_request, reply) => {
    void reply.type('application/json; charset=utf-8');
    return text;
  });
  await app.register(swagger, {
    mode: 'static',
    specification: { document: document as unknown as StaticDocumentSpec['document'] },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: SWAGGER_POLICY,
    theme: { title: `${deps.appName} API` },
    uiConfig: { validatorUrl: null, url: '/openapi.json', docExpansion: 'list', layout: 'BaseLayout' },
  });
  serveRedoc(app, deps.appName);
}

function serveRedoc(app: FastifyInstance, appName: string): void {
  let script: string | undefined;
  app.get('/redoc', async (_request, reply) => {
    void reply.type('text/html; charset=utf-8').header('content-security-policy', REDOC_POLICY);
    return redocPage(appName);
  });
  app.get('/redoc/redoc.js', async (_request, reply) => {
    void reply.type('text/javascript; charset=utf-8');
    script ??= redocScript();
    return script;
  });
  app.get('/redoc/start.js', async (_request, reply) => {
    void reply.type('text/javascript; charset=utf-8');
    return START;
  });
  app.get('/redoc/redoc.css', async (_request, reply) => {
    void reply.type('text/css; charset=utf-8');
    return 'body { margin: 0; }\n';
  });
}

/** The bundle, without the one picture that it would fetch from its maker. */
function redocScript(): string {
  const file = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');
  return readFileSync(file, 'utf8').replaceAll(
    /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini\.svg/g,
    EMPTY_PICTURE,
  );
}

const EMPTY_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/** Search needs a worker made of text, which the policy forbids. */
const START = `Redoc.init(
  '/openapi.json',
  { disableSearch: true, hideDownloadButtons: true, nativeScrollbars: true },
  document.getElementById('redoc'),
);
`;

function redocPage(appName: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${appName} API</title>
<link rel="stylesheet" href="/redoc/redoc.css">
</head>
<body>
<div id="redoc"></div>
<script src="/redoc/redoc.js"></script>
<script src="/redoc/start.js"></script>
</body>
</html>
`;
}
