/** @file Pages for people: what this server is, and the documentation of its API. */
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { buildOpenApi } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';

/** What the pages show. */
export interface SiteDeps {
  readonly version: string;
  readonly apiDocs: 'public' | 'off';
}

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Swagger UI's files are its own; nothing comes from elsewhere and nothing goes elsewhere. The hash is of
 * the one style sheet that its script writes into the page; a browser shows the next one when it changes.
 */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the front page and, unless they are off, `/openapi.json` and `/docs`. */
export async function siteRoutes(app: FastifyInstance, deps: SiteDeps): Promise<void> {
  const page = frontPage(deps);
  app.get('/', async (_request, reply) => {
    void reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY);
    return page;
  });
  app.get('/site.css', async (_request, reply) => {
    void reply.type('text/css; charset=utf-8');
    return STYLE;
  });
  if (deps.apiDocs === 'public') await serveDocs(app, deps.version);
}

async function serveDocs(app: FastifyInstance, version: string): Promise<void> {
  const document = buildOpenApi({ version });
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
    staticCSP: DOCS_POLICY,
    theme: { title: 'zkvault API' },
    uiConfig: { validatorUrl: null, url: '/openapi.json', docExpansion: 'list', layout: 'BaseLayout' },
  });
}

function frontPage({ version, apiDocs }: SiteDeps): string {
  const docs =
    apiDocs === 'public'
      ? '<li><a href="/docs">API documentation</a> and <a href="/openapi.json">openapi.json</a></li>'
      : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>zkvault server</title>
<link rel="stylesheet" href="/site.css">
</head>
<body>
<main>
<h1>zkvault</h1>
<p>This is a zkvault server, version ${version}. It keeps vaults that only their owners can open: everything
is encrypted before it arrives here, and no key ever does.</p>
<ul>
<li>Use it with the command line: <code>zkvault register</code>, <code>zkvault login</code>, <code>zkvault list</code></li>
<li>Or with the SDK, <code>@zkvault/sdk</code></li>
${docs}
<li><a href="/health">Health</a></li>
</ul>
</main>
</body>
</html>
`;
}

const STYLE = `:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
main { max-width: 40rem; margin: 10vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.75rem; }
code { font: 0.9em ui-monospace, monospace; }
`;
