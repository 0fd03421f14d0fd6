/** Which pages may read answers: those of the origins that the operator names, to the letter. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../test/test-server.ts';

const NAMED = ['https://app.example', 'https://other.example:8443'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ settings: { corsOrigins: NAMED } });
});
afterAll(() => server.close());

/** Origins that are nearly a named one. */
function lookalikes(origin: string): readonly string[] {
  const host = origin.slice('https://'.length);
  const letters = Array.from(host, (_, at) => [
    `https://${host.slice(0, at)}${host.slice(at + 1)}`,
    ...['x', '.', '-', '%00', 'é'].map((extra) => `https://${host.slice(0, at)}${extra}${host.slice(at)}`),
  ]).flat();
  return [
    `http://${host}`,
    `https://evil.${host}`,
    `https://${host}.evil.example`,
    `https://${host}@evil.example`,
    `https://evil.example/${origin}`,
    `https://evil.example#${host}`,
    `${origin}/`,
    `${origin}:443`,
    `${origin}, https://evil.example`,
    origin.toUpperCase(),
    ` ${origin}`,
    `https://${host.replace('.', '')}`,
    ...letters,
  ].filter((candidate) => !NAMED.includes(candidate.trim()));
}

describe('an origin', () => {
  const strange = [...NAMED.flatMap(lookalikes), 'null', '*', 'file://', 'https://', ''];

  it.for(['GET', 'OPTIONS'] as const)('that is nearly a named one may read nothing (%s)', async (method) => {
    const allowed = [];
    for (const origin of strange) {
      const { headers } = await server.app.inject({
        method,
        url: '/api/v1/auth/policy',
        headers: {
          origin: encodeURI(origin).replaceAll('%25', '%'),
          ...(method === 'OPTIONS' ? { 'access-control-request-method': 'GET' } : {}),
        },
      });
      if (headers['access-control-allow-origin'] !== undefined) allowed.push(origin);
      expect(headers['vary'], origin).toContain('Origin');
    }

    expect(strange.length).toBeGreaterThan(200);
    expect(allowed).toEqual([]);
  });

  it.for(NAMED)('that is named may: %s', async (origin) => {
    const { headers } = await server.app.inject({ url: '/api/v1/auth/policy', headers: { origin } });

    expect(headers['access-control-allow-origin']).toBe(origin);
  });
});
