/**
 * @file The documentation of the API, in two forms, each with a strict policy of its own. All of it comes from
 * this server; nothing comes from elsewhere and nothing goes elsewhere. What a page needs is read when it is first
 * asked for: a start does not wait for it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

const require = createRequire(import.meta.url);
const JSON_TYPE = { type: 'application/json; charset=utf-8' };
const SCRIPT = { type: 'text/javascript; charset=utf-8' };
const STYLE = { type: 'text/css; charset=utf-8' };

/** The files of its package that the page needs. */
const SWAGGER_FILES = [
  ['swagger-ui.css', STYLE, () => require.resolve('@fastify/swagger-ui/static/swagger-ui.css')],
  ['index.css', STYLE, () => require.resolve('@fastify/swagger-ui/static/index.css')],
  ['swagger-ui-bundle.js', SCRIPT, () => require.resolve('@fastify/swagger-ui/static/swagger-ui-bundle.js')],
] as const;

/** Serves `/openapi.json`, `/docs` and `/redoc`. */
export async function docsRoutes(app: FastifyInstance, deps: DocsDeps): Promise<void> {
  if (deps.assertMayRead !== undefined) app.addHook('onRequest', deps.assertMayRead);
  serve(app, '/openapi.json', JSON_TYPE, () => JSON.stringify(buildOpenApi({ version: deps.version })));
  serveSwagger(app, deps.appName);
  serveRedoc(app, deps.appName);
}

/** A file that does not change, made when it is first asked for. */
function serve(
  app: FastifyInstance,
  path: string,
  { type, policy }: { readonly type: string; readonly policy?: string },
  make: () => string,
): void {
  let text: string | undefined;
  app.get(path, async (_request, reply) => {
    void reply.type(type);
    if (policy !== undefined) void reply.header('content-security-policy', policy);
    text ??= make();
    return text;
  });
}

function serveSwagger(app: FastifyInstance, appName: string): void {
  const html = { type: 'text/html; charset=utf-8', policy: SWAGGER_POLICY };
  for (const path of ['/docs', '/docs/']) serve(app, path, html, () => swaggerPage(appName));
  for (const [name, type, find] of SWAGGER_FILES)
    serve(app, `/docs/static/${name}`, type, () => readFileSync(find(), 'utf8'));
  serve(app, '/docs/static/start.js', SCRIPT, () => START_SWAGGER);
}

function serveRedoc(app: FastifyInstance, appName: string): void {
  const html = { type: 'text/html; charset=utf-8', policy: REDOC_POLICY };
  serve(app, '/redoc', html, () => redocPage(appName));
  serve(app, '/redoc/redoc.js', SCRIPT, redocScript);
  serve(app, '/redoc/start.js', SCRIPT, () => START_REDOC);
  serve(app, '/redoc/redoc.css', STYLE, () => 'body { margin: 0; }\n');
}

/** The bundle, without the one picture that it would fetch from its maker. */
function redocScript(): string {
  return readFileSync(require.resolve('redoc/bundles/redoc.standalone.js'), 'utf8').replaceAll(
    /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini\.svg/g,
    EMPTY_PICTURE,
  );
}

const EMPTY_PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/** Search needs a worker made of text, which the policy forbids. */
const START_REDOC = `Redoc.init(
  '/openapi.json',
  { disableSearch: true, hideDownloadButtons: true, nativeScrollbars: true },
  document.getElementById('redoc'),
);
`;

function redocPage(appName: string): string {
  return pageOf(appName, 'redoc', ['/redoc/redoc.css'], ['/redoc/redoc.js', '/redoc/start.js']);
}

/** The check of the document by its maker's service stays off: it would be told of this server. */
const START_SWAGGER = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  layout: 'BaseLayout',
  docExpansion: 'list',
  deepLinking: true,
  validatorUrl: null,
});
`;

function swaggerPage(appName: string): string {
  return pageOf(
    appName,
    'swagger-ui',
    ['/docs/static/swagger-ui.css', '/docs/static/index.css'],
    ['/docs/static/swagger-ui-bundle.js', '/docs/static/start.js'],
  );
}

/** A page that scripts fill. */
function pageOf(appName: string, id: string, styles: readonly string[], scripts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${appName} API</title>
${styles.map((path) => `<link rel="stylesheet" href="${path}">`).join('\n')}
</head>
<body>
<div id="${id}"></div>
${scripts.map((path) => `<script src="${path}"></script>`).join('\n')}
</body>
</html>
`;
}
