/** @file Pages for people: what this server is. The documentation of its API is in docs-routes.ts. */
import type { FastifyInstance } from 'fastify';
import { type DocsDeps, docsRoutes } from './docs-routes.ts';

/** What the pages show. */
export interface SiteDeps extends DocsDeps {
  /** Who may read the documentation: nobody, whom `assertMayRead` lets, or everybody. */
  readonly apiDocs: 'off' | 'admin' | 'public';
  /** The version that the front page tells. */
  readonly shownVersion: string;
  readonly assertMayRead: NonNullable<DocsDeps['assertMayRead']>;
}

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the front page and, unless it is off, the documentation. */
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
  if (deps.apiDocs === 'off') return;
  const { version, appName } = deps;
  const assertMayRead = deps.apiDocs === 'admin' ? deps.assertMayRead : undefined;
  await app.register(docsRoutes, { version, appName, assertMayRead });
}

function frontPage({ shownVersion, appName, apiDocs }: SiteDeps): string {
  const docs =
    apiDocs === 'public'
      ? '<li>API documentation: <a href="/docs">to try out</a>, <a href="/redoc">to read</a>, <a href="/openapi.json">openapi.json</a></li>'
      : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${appName}</title>
<link rel="stylesheet" href="/site.css">
</head>
<body>
<main>
<h1>${appName}</h1>
<p>This is a zkvault server, version ${shownVersion}. It keeps vaults that only their owners can open: everything
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
