import type { Problem } from '@zkvault/contract';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer, testJwtSecret, testSettings } from '../../test/test-server.ts';
import { loadConfig } from '../config.ts';
import { makeAccessTokens } from '../features/sessions/access-token.ts';
import { makeMemoryRateCounter } from '../lib/rate-limit/memory-rate-counter.ts';
import type { RateLimits } from '../lib/rate-limit/rate-limits.ts';

const POLICY: InjectOptions = { url: '/api/v1/auth/policy' };
/** A request that the contract refuses: it counts like any other. */
const post = (url: string): InjectOptions => ({ method: 'POST', url, payload: { unknown: 1 } });
const perMinute = (limit: number) => ({ limit, windowSeconds: 60 });

let server: TestServer;
let nowMs = 0;
const laterBySeconds = (seconds: number): void => {
  nowMs += seconds * 1_000;
};

async function startWith(
  limits: Partial<RateLimits>,
  settings: Omit<NonNullable<Parameters<typeof startTestServer>[0]>['settings'] & object, 'rateLimits'> = {},
): Promise<void> {
  nowMs = 0;
  server = await startTestServer({
    rateCounter: makeMemoryRateCounter({ now: () => nowMs }),
    settings: { ...settings, rateLimits: { ...testSettings.rateLimits, ...limits } },
  });
}

afterEach(() => server.close());

async function statuses(
  count: number,
  request: Parameters<TestServer['send']>[0],
  apart: (index: number) => object = () => ({}),
): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1)
    found.push((await server.send({ ...request, ...apart(index) })).statusCode);
  return found;
}

const refused = (found: readonly number[]): number => found.filter((status) => status === 429).length;

describe('a limit', () => {
  it.for([
    ['60 a minute for whoever has no session', POLICY, 60],
    ['5 logins a minute', post('/api/v1/auth/login'), 5],
    ['3 registrations a minute', post('/api/v1/auth/register'), 3],
    ['10 refreshes a minute', post('/api/v1/auth/refresh'), 10],
    ['10 refreshes a minute under the other path', post('/api/v1/auth/token'), 10],
  ] as const)('is by default %s, to the last of them, and then anew', async ([, request, limit]) => {
    await startWith(loadConfig({}).rateLimits);

    const before = await statuses(limit - 1, request);
    const [last] = await statuses(1, request);
    laterBySeconds(59.999);
    const [beyond] = await statuses(1, request);
    laterBySeconds(0.001);
    const [next] = await statuses(1, request);

    expect(refused(before)).toBe(0);
    expect(last).not.toBe(429);
    expect(beyond).toBe(429);
    expect(next).not.toBe(429);
  });

  it('is by default 600 a minute for a session', async () => {
    await startWith(loadConfig({}).rateLimits);
    const account = await server.givenAccount();

    const response = await server.send({ url: '/api/v1/vaults', as: account });

    expect(response.headers['ratelimit-policy']).toBe('"session";q=600;w=60');
    expect(response.headers['ratelimit']).toBe('"session";r=599;t=60');
  });

  it('lets exactly as many of many requests at once through', async () => {
    await startWith({ default: perMinute(50) });

    const answers = await Promise.all(Array.from({ length: 200 }, () => server.send(POLICY)));

    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(50);
    expect(refused(answers.map(({ statusCode }) => statusCode))).toBe(150);
  });

  it('of one kind is not used up by another', async () => {
    await startWith({ default: perMinute(1), login: perMinute(1), register: perMinute(1) });

    const found = [
      ...(await statuses(1, POLICY)),
      ...(await statuses(1, post('/api/v1/auth/login'))),
      ...(await statuses(1, post('/api/v1/auth/register'))),
    ];

    expect(refused(found)).toBe(0);
  });

  it('that is off counts nothing', async () => {
    await startWith({});

    const response = await server.send(POLICY);

    expect(response.headers).not.toHaveProperty('ratelimit');
    expect(response.headers).not.toHaveProperty('ratelimit-policy');
  });
});

/** A list of strings with integer parameters, as RFC 9651 section 3.1 writes it. */
const STRUCTURED = /^"[\x20-\x21\x23-\x5b\x5d-\x7e]+"(?:;[a-z*][a-z0-9_.*-]*=-?\d{1,15})*$/;

describe('an answer', () => {
  it('that refuses says why, and when to come back', async () => {
    await startWith({ default: { limit: 1, windowSeconds: 3_600 } });
    await server.send(POLICY);
    laterBySeconds(100.5);

    const response = await server.send(POLICY);

    expect(response.json<Problem>()).toMatchObject({ status: 429, code: 'rate-limited' });
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '3500',
      ratelimit: '"default";r=0;t=3500',
      'ratelimit-policy': '"default";q=1;w=3600',
      'x-content-type-options': 'nosniff',
      'x-request-id': response.json<Problem>().requestId,
    });
  });

  it('says what is left, in structured fields, also when it refuses for another reason', async () => {
    await startWith({ default: perMinute(60), login: perMinute(5) });

    const answers = [
      await server.send(POLICY),
      await server.send({ url: '/nope' }),
      await server.send({ url: '/api/v1/vaults' }),
      await server.send(post('/api/v1/auth/login')),
    ];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 404, 401, 422]);
    expect(answers.map(({ headers }) => headers['ratelimit'])).toEqual([
      '"default";r=59;t=60',
      '"default";r=58;t=60',
      '"default";r=57;t=60',
      '"login";r=4;t=60',
    ]);
    for (const { headers } of answers)
      for (const name of ['ratelimit', 'ratelimit-policy']) expect(headers[name]).toMatch(STRUCTURED);
  });

  it('can be read by the pages of a named origin, also when it refuses', async () => {
    await startWith({ default: perMinute(1) }, { corsOrigins: ['https://app.example'] });
    const fromPage = { ...POLICY, headers: { origin: 'https://app.example' } };
    const preflight: InjectOptions = {
      method: 'OPTIONS',
      url: '/api/v1/auth/policy',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' },
    };

    await statuses(3, preflight);
    const [first] = await statuses(1, fromPage);
    const second = await server.send(fromPage);

    expect(first).toBe(200);
    expect(second.statusCode).toBe(429);
    expect(second.headers['access-control-allow-origin']).toBe('https://app.example');
    expect(second.headers['access-control-expose-headers']).toMatch(
      /ratelimit, ratelimit-policy, retry-after/,
    );
  });
});

describe('what is counted', () => {
  it('is not a probe, a page or a document', async () => {
    await startWith({ default: perMinute(1) });
    const uncounted = ['/livez', '/readyz', '/health', '/', '/site.css', '/openapi.json', '/docs/'];

    for (const url of [...uncounted, ...uncounted, '/docs/static/swagger-ui.css']) {
      const response = await server.send({ url });

      expect([url, response.statusCode]).toEqual([url, 200]);
      expect(response.headers).not.toHaveProperty('ratelimit');
    }
    expect(await statuses(2, POLICY)).toEqual([200, 429]);
  });

  it.for([
    ['a route that is not there', { url: '/nope' }],
    ['a route without the token it asks for', { url: '/api/v1/vaults' }],
    ['a host that is not answered for', { ...POLICY, headers: { host: 'evil.example' } }],
    ['a body that is no JSON', { ...post('/api/v1/auth/prelogin'), payload: '{' }],
  ] as const)('is refused before anything else of it is looked at: %s', async ([, request]) => {
    await startWith({ default: perMinute(1) }, { allowedHosts: ['localhost'] });
    await server.send(POLICY);

    expect((await server.send(request)).statusCode).toBe(429);
  });
});

describe('a session', () => {
  it('is counted by itself, whoever else has its address', async () => {
    await startWith({ default: perMinute(1), session: perMinute(3) });
    const [ada, bob] = [await server.givenAccount(), await server.givenAccount()];
    await statuses(5, POLICY);

    const found = {
      ada: await statuses(4, { url: '/api/v1/vaults', as: ada }),
      bob: await statuses(4, { url: '/api/v1/vaults', as: bob }),
    };

    expect(found).toEqual({ ada: [200, 200, 200, 429], bob: [200, 200, 200, 429] });
  });

  it('is one, whichever addresses it comes from', async () => {
    await startWith({ session: perMinute(3) });
    const account = await server.givenAccount();

    const found = await statuses(4, { url: '/api/v1/vaults', as: account }, (index) => ({
      remoteAddress: `192.0.2.${index}`,
    }));

    expect(found).toEqual([200, 200, 200, 429]);
  });

  it('logs in, registers and refreshes under its address all the same', async () => {
    await startWith({ session: perMinute(100), login: perMinute(1) });
    const [ada, bob] = [await server.givenAccount(), await server.givenAccount()];
    await server.send({ ...post('/api/v1/auth/login'), as: ada });

    const [second] = await statuses(1, { ...post('/api/v1/auth/login'), as: bob });

    expect(second).toBe(429);
  });

  it('that has ended uses up its own count and nobody else’s', async () => {
    await startWith({ default: perMinute(1), session: perMinute(2) });
    const account = await server.givenAccount();
    await server.send({ method: 'POST', url: '/api/v1/auth/logout', as: account });

    const found = await statuses(2, { url: '/api/v1/vaults', as: account });

    expect(found).toEqual([401, 429]);
    expect(await statuses(1, POLICY)).toEqual([200]);
  });
});

describe('a token', () => {
  const signerOf = (secret: string) =>
    makeAccessTokens({
      secrets: [secret],
      issuer: testSettings.jwtIssuer,
      audience: testSettings.jwtAudience,
      ttlSeconds: 60,
    });

  it.for([
    ['that is no token', async () => 'nonsense'],
    [
      'signed by somebody else',
      (session: object) => signerOf('x'.repeat(40)).sign(claims(session), new Date()),
    ],
    [
      'that has expired',
      (session: object) =>
        signerOf(testJwtSecret).sign(claims(session), new Date(Date.now() - 60_000 - 61_000)),
    ],
  ] as const)('%s gives no count of its own', async ([, tokenOf]) => {
    await startWith({ default: perMinute(2), session: perMinute(100) });
    const account = await server.givenAccount();
    const authorization = `Bearer ${await tokenOf(account)}`;

    const found = await statuses(3, { url: '/api/v1/vaults', headers: { authorization } });

    expect(found).toEqual([401, 401, 429]);
  });

  function claims(session: object) {
    return { ...(session as { userId: string; sessionId: string }), role: 'user' as const };
  }
});

describe('an address', () => {
  it('is that of the socket, whatever X-Forwarded-For and its kin say', async () => {
    await startWith({ default: perMinute(2) });

    const found = await statuses(3, POLICY, (index) => ({
      headers: {
        'x-forwarded-for': `198.51.100.${index}`,
        forwarded: `for=198.51.100.${index}`,
        'x-real-ip': `198.51.100.${index}`,
      },
    }));

    expect(found).toEqual([200, 200, 429]);
  });

  it.for([
    ['one hop', 1],
    ['a range', ['127.0.0.0/8']],
  ] as const)('is what the trusted proxy appended, whatever was forged before it: %s', async ([, trust]) => {
    const trustProxy = typeof trust === 'number' ? trust : [...trust];
    await startWith({ default: perMinute(2) }, { trustProxy });

    const forged = await statuses(3, POLICY, (index) => ({
      headers: { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.7` },
    }));
    const neighbour = await statuses(1, { ...POLICY, headers: { 'x-forwarded-for': '203.0.113.8' } });

    expect(forged).toEqual([200, 200, 429]);
    expect(neighbour).toEqual([200]);
  });

  it('is not what another machine than the trusted proxy says', async () => {
    await startWith({ default: perMinute(2) }, { trustProxy: ['10.0.0.0/8'] });

    const found = await statuses(3, { ...POLICY, remoteAddress: '192.0.2.1' }, (index) => ({
      headers: { 'x-forwarded-for': `198.51.100.${index}` },
    }));

    expect(found).toEqual([200, 200, 429]);
  });

  it.for([
    ['of IPv6 is its /64', ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'], [200, 429]],
    ['of IPv6 is not its neighbour', ['2001:db8:1:2::1', '2001:db8:1:3::1'], [200, 200]],
    ['of IPv4 is itself', ['192.0.2.1', '192.0.2.2'], [200, 200]],
    ['of IPv4 is the same when written as IPv6', ['192.0.2.1', '::ffff:192.0.2.1'], [200, 429]],
  ] as const)('%s', async ([, addresses, expected]) => {
    await startWith({ default: perMinute(1) });

    const found = await statuses(2, POLICY, (index) => ({ remoteAddress: addresses[index] }));

    expect(found).toEqual(expected);
  });
});
