/**
 * What `/metrics` tells, to whom, and what it must never tell: the labels come out of closed sets, whatever
 * callers send.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { makeMetrics } from '../src/lib/metrics.ts';
import { makeWorkQueue } from '../src/lib/work-queue.ts';
import { startMetricsListener } from '../src/metrics-listener.ts';
import { type AuthClient, authClient, aWrap, someBytes } from './auth-client.ts';
import { startTestServer, type TestServer, testSettings } from './test-server.ts';

const token = randomBytes(24).toString('base64url');
const hashing = makeWorkQueue({ running: 2, waiting: 8 });
const bearer = { authorization: `Bearer ${token}` };

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer({
    hashing,
    settings: { maxFailedLogins: 2, metrics: { ...testSettings.metrics, token } },
  });
  client = authClient(server.app);
});
afterAll(() => server.close());

async function metrics(): Promise<string> {
  const response = await server.app.inject({ url: '/metrics', headers: bearer });
  if (response.statusCode !== 200) throw new Error(response.body);
  return response.body;
}

/** The value of the one sample whose labels are these, in whatever order; 0 if there is none. */
function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const line = text.split('\n').find((candidate) => {
    const [, found, inBraces = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(candidate) ?? [];
    const given = Object.fromEntries([...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]));
    return found === name && value !== undefined && Object.entries(labels).every(([k, v]) => given[k] === v);
  });
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
}

describe('/metrics', () => {
  it('is shown to who has the token, and to nobody else', async () => {
    const right = await server.app.inject({ url: '/metrics', headers: bearer });
    const refused = await Promise.all(
      [undefined, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, 'Bearer '].map(
        (authorization) =>
          server.app.inject({
            url: '/metrics',
            headers: authorization === undefined ? {} : { authorization },
          }),
      ),
    );

    expect(right.statusCode).toBe(200);
    expect(right.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(right.headers['x-content-type-options']).toBe('nosniff');
    for (const { statusCode, headers, body } of refused) {
      expect(statusCode).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
      expect(body).not.toContain('zkvault_');
    }
  });

  it('is off unless a token or a port is set', async () => {
    const plain = await startTestServer();
    const apart = await startTestServer({ settings: { metrics: { token, port: 0, host: '127.0.0.1' } } });

    const answers = [plain, apart].map(({ app }) => app.inject({ url: '/metrics', headers: bearer }));
    const codes = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
    await Promise.all([plain.close(), apart.close()]);

    expect(codes).toEqual([404, 404]);
    expect(loadConfig({}).metrics).toMatchObject({ token: undefined, port: undefined });
  });

  it('counts requests by route, method and status, and how long they took', async () => {
    const labels = { route: '/livez', method: 'GET', status: '200' };
    const before = sample(await metrics(), 'zkvault_http_request_duration_seconds_count', labels);

    await server.send({ url: '/livez' });
    await server.send({ url: '/livez' });

    const after = await metrics();
    expect(sample(after, 'zkvault_http_request_duration_seconds_count', labels)).toBe(before + 2);
    expect(sample(after, 'zkvault_http_request_duration_seconds_bucket', { ...labels, le: '+Inf' })).toBe(
      before + 2,
    );
    expect(sample(after, 'zkvault_http_request_duration_seconds_sum', labels)).toBeGreaterThan(0);
  });

  it('counts logins by result, lockouts, refresh tokens used twice, commits and what was turned away', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);
    const as = { authorization: `Bearer ${session.accessToken}` };
    const entry = await client.post('/api/v1/entries', aWrap(), as);
    const { id } = entry.json<{ id: string }>();
    await server.app.inject({
      method: 'DELETE',
      url: `/api/v1/entries/${id}`,
      headers: { ...as, 'if-match': '"7"' },
    });
    await client.post('/api/v1/refresh-canary', {}, as);
    await client.post('/api/v1/auth/refresh', { refreshToken: session.refreshToken });
    await client.post('/api/v1/auth/refresh', { refreshToken: session.refreshToken });
    for (let attempt = 0; attempt < 3; attempt += 1)
      await client.post('/api/v1/auth/login', client.loginBody({ ...account, authKey: someBytes(32) }));
    const refused = await Promise.allSettled(Array.from({ length: 11 }, () => hashing.run(async () => 1)));

    const text = await metrics();

    const logins = (result: string): number =>
      sample(text, 'zkvault_authentications_total', { action: 'login', result });
    expect([logins('success'), logins('wrong-key'), logins('locked')]).toEqual([1, 2, 1]);
    expect(sample(text, 'zkvault_security_violations_total', { what: 'lockout' })).toBe(1);
    expect(sample(text, 'zkvault_security_violations_total', { what: 'refresh token reuse' })).toBe(1);
    expect(sample(text, 'zkvault_commits_total', { result: 'committed' })).toBe(1);
    expect(sample(text, 'zkvault_commits_total', { result: 'conflict' })).toBe(1);
    expect(refused.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(sample(text, 'zkvault_hashing_refused_total')).toBe(1);
    expect(text).toMatch(/^zkvault_hashing_running 0$/m);
    expect(text).toMatch(/^zkvault_hashing_waiting 0$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('tells nothing of anybody, and does not grow with what callers make up', async () => {
    const login = 'canary@example.com';
    const account = await client.givenAccount({ login, fullName: 'Canary Name' });
    const session = await client.givenLogin(account);
    const as = { authorization: `Bearer ${session.accessToken}`, 'user-agent': 'canary-agent' };
    const walk = async (round: string): Promise<void> => {
      for (const url of [
        `/canary-${round}?canary=1`,
        `/api/v1/canary/${round}`,
        `/docs/static/canary-${round}`,
        `/api/v1/entries/${crypto.randomUUID()}`,
        `/api/v1/entries/canary-${round}`,
        `/api/v1/entries?canary=${round}`,
        `/%zz${round}`,
      ])
        await server.app.inject({ url, headers: as });
      for (const method of ['PROPFIND', 'REPORT', 'TRACE', 'MKCOL'] as const)
        await server.app.inject({ method: method as 'GET', url: `/canary-${round}` });
      const wrong = client.loginBody({ login: `canary-${round}`, authKey: someBytes(32) });
      await client.post('/api/v1/auth/login', wrong, { 'x-request-id': crypto.randomUUID() });
    };
    // What Node tells of itself grows with its kinds of garbage collection.
    const ownLines = (text: string): number =>
      text.split('\n').filter((line) => line.startsWith('zkvault_')).length;
    await walk('first');
    await metrics();
    const before = ownLines(await metrics());

    await walk('second');
    await walk('third');

    const text = await metrics();
    expect(before).toBeGreaterThan(100);
    expect(ownLines(text)).toBe(before);
    for (const canary of ['canary', 'Canary', account.accountId, session.sessionId, '127.0.0'])
      expect(text.includes(canary), canary).toBe(false);
    expect(text).toContain('route="/api/v1/entries/:id"');
    expect(text).toContain('route="none"');
  });
});

describe('a listener of its own', () => {
  it('serves metrics and nothing else, with the token if there is one', async () => {
    const meters = makeMetrics({
      version: '1.2.3',
      hashing: () => hashing.load(),
      pool: () => ({ open: 3, idle: 2, waiting: 1 }),
    });
    meters.watchEventClients(() => 4);
    const address = { host: '127.0.0.1', port: 0 };
    const [open, closed] = await Promise.all([
      startMetricsListener({ ...address, token: undefined }, meters, server.app.log),
      startMetricsListener({ ...address, token }, meters, server.app.log),
    ]);
    const get = (port: number, path: string, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers });

    const text = await (await get(open.port, '/metrics')).text();
    const statuses = await Promise.all([
      get(open.port, '/livez'),
      get(open.port, '/api/v1/auth/policy'),
      get(closed.port, '/metrics'),
      get(closed.port, '/metrics', bearer),
    ]);
    await Promise.all([open.close(), closed.close()]);

    expect(text).toContain('zkvault_info{version="1.2.3"} 1');
    expect(text).toContain('zkvault_database_connections_open 3');
    expect(text).toContain('zkvault_database_connections_idle 2');
    expect(text).toContain('zkvault_database_requests_waiting 1');
    expect(text).toContain('zkvault_event_clients 4');
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 401, 200]);
    expect(statuses[0]?.headers.get('content-type')).toContain('application/problem+json');
  });
});
