/**
 * The order in which a request meets what stands before a route, docs/adr/0024-hook-order.md: a request that
 * breaks every rule at once hears of the first one, and of the next one when that is mended. Whatever it
 * hears, the headers of every answer are there.
 */
import { randomBytes } from 'node:crypto';
import type { Problem } from '@zkvault/contract';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer, testSettings } from '../../test/test-server.ts';

const HOST = 'vault.example.com';
const ORIGIN = 'https://app.example';
const metricsToken = randomBytes(24).toString('base64url');
const one = { limit: 1, windowSeconds: 60 };

let server: TestServer;
let networks = 0;

beforeAll(async () => {
  server = await startTestServer({
    settings: {
      allowedHosts: [HOST],
      corsOrigins: [ORIGIN],
      trustProxy: 1,
      metrics: { ...testSettings.metrics, token: metricsToken },
      rateLimits: { ...testSettings.rateLimits, default: one },
    },
  });
});
afterAll(() => server.close());

/** An address from which nothing has come yet. */
function freshAddress(): string {
  networks += 1;
  return `198.51.100.${networks}`;
}

function send({ headers, ...request }: InjectOptions): Promise<LightMyRequestResponse> {
  return server.app.inject({
    remoteAddress: freshAddress(),
    ...request,
    headers: { host: HOST, origin: ORIGIN, 'x-forwarded-proto': 'https', ...headers },
  });
}

const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
};
const readable = {
  'access-control-allow-origin': ORIGIN,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'etag, ratelimit, ratelimit-policy, retry-after, x-request-id',
};
const API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

describe('the order of what a request meets', () => {
  it('is limit, host, route, session, permission, media type, size, JSON, contract, then the route', async () => {
    const [user, admin] = [await server.givenAccount('user'), await server.givenAccount('admin')];
    const bearer = ({ token }: { readonly token: string }) => ({ authorization: `Bearer ${token}` });
    const text = { 'content-type': 'text/plain' };
    const json = { 'content-type': 'application/json' };
    const large = `{${' '.repeat(131_072)}`;
    const users = { method: 'POST', url: '/api/v1/users' } as const;
    const worst = { ...users, url: '/nope', payload: large, headers: { ...text, host: 'evil.example' } };
    const spent = freshAddress();
    await send({ ...users, remoteAddress: spent });

    const answers = [
      await send({ ...worst, remoteAddress: spent }),
      await send(worst),
      await send({ ...worst, headers: text }),
      await send({ ...users, payload: large, headers: text }),
      await send({ ...users, payload: large, headers: { ...text, ...bearer(user) } }),
      await send({ ...users, payload: large, headers: { ...text, ...bearer(admin) } }),
      await send({ ...users, payload: large, headers: { ...json, ...bearer(admin) } }),
      await send({ ...users, payload: '{', headers: { ...json, ...bearer(admin) } }),
      await send({ ...users, payload: '{"role":"king"}', headers: { ...json, ...bearer(admin) } }),
      await send({ ...users, payload: '{"role":"viewer"}', headers: { ...json, ...bearer(admin) } }),
    ];

    expect(
      answers.map((answer) => [answer.statusCode, answer.json<Partial<Problem>>().code ?? 'created']),
    ).toEqual([
      [429, 'rate-limited'],
      [421, 'host-refused'],
      [404, 'route-not-found'],
      [401, 'invalid-token'],
      [403, 'insufficient-permission'],
      [415, 'media-type-unsupported'],
      [413, 'body-too-large'],
      [400, 'malformed-json'],
      [422, 'request-invalid'],
      [201, 'created'],
    ]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({ ...always, ...readable, 'content-security-policy': API_POLICY });
  });

  it('has the load of the process before all that costs anything, and lets probes by', async () => {
    const heap = { ...testSettings.pressure, maxHeapPercent: 1 };
    const busy = await startTestServer({
      settings: {
        pressure: heap,
        allowedHosts: [HOST],
        metrics: { ...testSettings.metrics, token: metricsToken },
      },
    });
    const get = (url: string, headers = {}) => busy.app.inject({ url, headers: { host: HOST, ...headers } });
    await expect
      .poll(async () => (await get('/readyz')).json<{ code?: string }>().code, { timeout: 20_000 })
      .toBe('overloaded');

    const api = await busy.app.inject({ url: '/api/v1/auth/policy', headers: { host: 'evil.example' } });
    const ready = await get('/readyz');
    const health = await get('/health');
    const live = await get('/livez');
    const metrics = await get('/metrics', { authorization: `Bearer ${metricsToken}` });
    await busy.close();

    expect(api.json<Problem>()).toMatchObject({ status: 503, code: 'overloaded' });
    expect(api.headers).toMatchObject({ 'retry-after': '2', 'x-content-type-options': 'nosniff' });
    expect([ready.statusCode, health.statusCode]).toEqual([503, 503]);
    expect(ready.headers['retry-after']).toBe('1');
    expect([live.statusCode, metrics.statusCode]).toEqual([200, 200]);
  });

  it('answers a preflight before any of them but the load', async () => {
    const preflight = await send({
      method: 'OPTIONS',
      url: '/api/v1/entries',
      headers: { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'if-match' },
    });

    const allowed = String(preflight.headers['access-control-allow-headers']);
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers).toMatchObject({
      ...always,
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    });
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'if-match', 'x-api-key'])
      expect(allowed.split(', ')).toContain(name);
  });
});

describe('the headers of every answer', () => {
  const json = { 'content-type': 'application/json' };
  const prelogin = { method: 'POST', url: '/api/v1/auth/prelogin', headers: json } as const;
  const page = /^default-src 'none'; .*frame-ancestors 'none'$/;

  it.for([
    ['200', { url: '/api/v1/auth/policy' }, API_POLICY],
    ['204', { method: 'POST', url: '/api/v1/auth/logout' }, API_POLICY],
    ['400', { ...prelogin, payload: '{' }, API_POLICY],
    ['400', { url: '/%zz' }, API_POLICY],
    ['401', { url: '/api/v1/entries' }, API_POLICY],
    ['401', { url: '/metrics' }, API_POLICY],
    ['404', { url: '/nope' }, API_POLICY],
    ['404', { method: 'PATCH', url: '/api/v1/entries' }, API_POLICY],
    ['404', { method: 'PROPFIND', url: '/' }, API_POLICY],
    ['404', { url: `/api/v1/entries/${'a'.repeat(200)}` }, API_POLICY],
    ['413', { ...prelogin, payload: ' '.repeat(131_073) }, API_POLICY],
    ['415', { ...prelogin, payload: 'x', headers: { 'content-type': 'text/plain' } }, API_POLICY],
    ['422', { ...prelogin, payload: '{}' }, API_POLICY],
    ['200', { url: '/livez' }, API_POLICY],
    ['200', { url: '/readyz' }, API_POLICY],
    ['200', { url: '/health' }, API_POLICY],
    ['200', { url: '/metrics', headers: { authorization: `Bearer ${metricsToken}` } }, API_POLICY],
    ['200', { method: 'HEAD', url: '/livez' }, API_POLICY],
    ['200', { url: '/openapi.json' }, API_POLICY],
    ['200', { url: '/' }, page],
    ['200', { url: '/docs/' }, page],
    ['200', { url: '/redoc' }, page],
    ['200', { url: '/redoc/redoc.js' }, API_POLICY],
    ['404', { url: '/docs/static/nope.js' }, undefined],
  ] as const)('are on a %s: %o', async ([status, request, policy]) => {
    const response = await send(request);

    expect(response.statusCode).toBe(Number(status));
    expect(response.headers).toMatchObject(always);
    expect(response.headers).not.toHaveProperty('server');
    expect(response.headers).not.toHaveProperty('x-powered-by');
    const given = String(response.headers['content-security-policy']);
    if (typeof policy === 'string') expect(given).toBe(policy);
    else expect(given).toMatch(policy ?? /^default-src 'none'/);
    expect(given).not.toMatch(/unsafe|https?:|\*/);
    if (response.statusCode >= 400)
      expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it('are on a 500 and a 503', async () => {
    await server.db.schema.alterTable('login_failures').renameTo('login_failures_away').execute();
    const device = { id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', name: 'x' };
    const body = { login: 'ada', authKey: 'A'.repeat(43), transport: 'body', device };
    const failed = await send({ method: 'POST', url: '/api/v1/auth/login', payload: body });
    await server.db.schema.alterTable('login_failures_away').renameTo('login_failures').execute();
    await server.db.schema.alterTable('kysely_migration').renameTo('migration_away').execute();
    const unready = await send({ url: '/readyz' });
    await server.db.schema.alterTable('migration_away').renameTo('kysely_migration').execute();

    expect([failed.statusCode, unready.statusCode]).toEqual([500, 503]);
    expect(unready.headers['retry-after']).toBe('1');
    for (const { headers } of [failed, unready]) expect(headers).toMatchObject({ ...always, ...readable });
  });

  it('promise TLS on a URL that cannot be read as well, if a named proxy says so', async () => {
    const named = await startTestServer({
      settings: { trustProxy: ['127.0.0.0/8', '2001:db8::/32', '::1'] },
    });
    const from = (remoteAddress: string, protocol = 'https') =>
      named.app.inject({ url: '/%zz', remoteAddress, headers: { 'x-forwarded-proto': protocol } });

    const answers = [
      await from('127.0.0.1'),
      await from('::ffff:127.0.0.1'),
      await from('2001:db8::7'),
      await from('::1', 'http, https'),
      await from('127.0.0.1', 'https, http'),
      await from('203.0.113.1'),
      await from('2001:db9::7'),
    ];
    await named.close();

    expect(answers.map(({ headers }) => 'strict-transport-security' in headers)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('promise TLS only where it was used, as the trusted proxy says', async () => {
    const plain = await send({ url: '/nope', headers: { 'x-forwarded-proto': 'http' } });

    expect(plain.headers).not.toHaveProperty('strict-transport-security');
  });
});

describe('a forged X-Forwarded-For', () => {
  it('changes nothing without TRUST_PROXY: neither the limit, nor the log, nor the scheme', async () => {
    const alone = await startTestServer({
      settings: { logIp: 'full', rateLimits: { ...testSettings.rateLimits, default: one } },
    });
    const forge = (address: string) =>
      alone.app.inject({
        url: '/api/v1/auth/policy',
        headers: { 'x-forwarded-for': address, 'x-forwarded-proto': 'https', 'x-real-ip': address },
      });

    const [first, second] = [await forge('203.0.113.1'), await forge('203.0.113.2')];
    await alone.close();

    expect([first.statusCode, second.statusCode]).toEqual([200, 429]);
    expect(first.headers).not.toHaveProperty('strict-transport-security');
    expect(alone.logLines.join('')).not.toContain('203.0.113');
    expect(alone.logLines.join('')).toContain('"ip":"127.0.0.1"');
  });
});

describe('the documentation for administrators only', () => {
  it('is read with the access token of one, and by nobody else', async () => {
    const closed = await startTestServer({ settings: { apiDocs: 'admin' } });
    const [user, admin] = [await closed.givenAccount('moderator'), await closed.givenAccount('admin')];

    for (const url of ['/openapi.json', '/docs/', '/redoc', '/redoc/redoc.js']) {
      const answers = [
        await closed.send({ url }),
        await closed.send({ url, as: user }),
        await closed.send({ url, as: admin }),
      ];
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 403, 200]);
    }
    await closed.close();
  });
});
