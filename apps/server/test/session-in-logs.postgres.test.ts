/**
 * A whole session at trace level, with what goes well and what is refused, from a bad configuration to a
 * database that fails: every event of the log is there, and no line holds anything that was sent or given.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { ConfigError } from '../src/lib/environment.ts';
import { type AuthClient, authClient, aWrap, someBytes } from './auth-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer({
    settings: { maxFailedLogins: 1, allowedHosts: ['localhost'], corsOrigins: ['https://app.example'] },
  });
  client = authClient(server.app);
});
afterAll(() => server.close());

function events(): readonly Record<string, unknown>[] {
  return server.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of a session', () => {
  it('tells what happened and nothing that was sent', async () => {
    const parts = client.keyMaterial();
    const account = await client.givenAccount({
      ...parts,
      login: 'canary@example.com',
      email: 'canary@mail.example',
    });
    const session = await client.givenLogin(account);
    const agent = `canary-agent ${'x'.repeat(300)}`;
    const headers = {
      authorization: `Bearer ${session.accessToken}`,
      'user-agent': agent.replace('canary-', ''),
      'content-type': 'application/json',
      cookie: '__Host-zkvault-refresh=canary-cookie',
      'x-forwarded-for': 'canary-forwarded',
    };
    const send = (
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      path: string,
      body?: object | string,
      more = {},
    ) =>
      server.app.inject({
        method,
        url: `/api/v1${path}`,
        headers: { ...headers, ...more },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    const vault = {
      id: randomUUID(),
      integrity: 'none',
      role: 'owner',
      vkEpoch: 1,
      wrap: null,
      manifest: null,
    };
    const entry = aWrap();
    const [authKey, salt, idempotencyKey] = [someBytes(32), someBytes(16), `canary-${randomUUID()}`];
    const state = { ...aWrap(), seq: 1 };
    await send('POST', '/vaults', { vault, accountState: state });
    const made = await send('POST', '/entries', entry, { 'idempotency-key': idempotencyKey });
    const { id } = made.json<{ id: string }>();
    await send('GET', `/entries/${id}?canary=query`);
    await send('PUT', `/entries/${id}`, entry, { 'if-match': '"canary-etag"' });
    await send('PUT', `/entries/${id}`, { ...entry, surplus: 'canary value' }, { 'if-match': '"1"' });
    await send('POST', '/entries', `{"ciphertext":"${entry.ciphertext}","iv":`);
    await send('POST', '/entries', entry.ciphertext.repeat(2_000));
    await send('GET', '/users');
    await send('PUT', '/users/me', { fullName: 'Canary Name' });
    await send('DELETE', '/users/me', { authKey });
    await server.app.inject({ url: '/livez', headers: { host: 'canary.example' } });
    await server.db.schema.alterTable('entries').renameTo('entries_away').execute();
    const failed = await send('POST', '/entries', entry);
    await server.db.schema.alterTable('entries_away').renameTo('entries').execute();
    await send('POST', '/auth/rekey', {
      authKey: account.authKey,
      newProfile: 1,
      newSalt: salt,
      newAuthKey: authKey,
      newWrap: parts.wrap,
      newAccountState: { ...state, seq: 2 },
      ifSeq: 1,
    });

    const log = server.logLines.join('');

    expect(failed.statusCode).toBe(500);
    expect(new Set(events().map(({ event }) => event))).toEqual(
      new Set([
        'authentication_event',
        'authorization_event',
        'security_violation',
        'data_access',
        'http_request',
        'validation_error',
        'unhandled_exception',
      ]),
    );
    const canaries = {
      authKey: account.authKey,
      newAuthKey: authKey,
      salt: account.salt,
      newSalt: salt,
      accessToken: session.accessToken,
      refreshToken: session.refreshToken,
      wrap: parts.wrap?.ciphertext,
      state: state.ciphertext,
      entry: entry.ciphertext,
      iv: entry.iv,
      tag: entry.tag,
      idempotencyKey,
      canary: 'canary',
      name: 'Canary',
      table: 'insert into',
    };
    for (const [name, canary] of Object.entries(canaries))
      expect(log.includes(String(canary)), name).toBe(false);
  });

  it('names the account, the route and the permission of a refusal, and ids of what was read', () => {
    const refusal = events().find(({ event }) => event === 'authorization_event');
    const access = events().find(({ action }) => action === 'getEntry');

    expect(refusal).toMatchObject({
      level: 40,
      user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      role: 'user',
      resource: '/api/v1/users',
      action: 'users:read',
      granted: false,
    });
    expect(access).toMatchObject({
      event: 'data_access',
      user_id: refusal?.['user_id'],
      resource_type: 'entries',
      resource_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('masks logins, cuts addresses and user agents, and weighs each request by how it ended', () => {
    const requests = events().filter(({ event }) => event === 'http_request');
    const levels = new Map(requests.map(({ status, level }) => [Math.trunc(Number(status) / 100), level]));

    expect(events().find(({ login }) => login !== undefined)).toMatchObject({ login: 'c***@example.com' });
    expect(requests.every(({ ip }) => ip === '127.0.0.0/24')).toBe(true);
    expect(requests.find(({ path }) => path === '/api/v1/vaults')?.['user_agent']).toBe(
      `agent ${'x'.repeat(194)}`,
    );
    expect(Object.fromEntries(levels)).toEqual({ 2: 30, 4: 40, 5: 50 });
  });

  it('tells of addresses as much as it is told to', async () => {
    const full = await startTestServer({ settings: { logIp: 'full' } });
    const none = await startTestServer({ settings: { logIp: 'none' } });
    for (const { app } of [full, none]) {
      await app.inject({ url: '/livez', remoteAddress: '203.0.113.9' });
      await app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress: '203.0.113.9',
        payload: client.loginBody({ login: 'nobody', authKey: someBytes(32) }),
      });
    }
    await Promise.all([full.close(), none.close()]);

    expect(full.logLines.join('')).toContain('"ip":"203.0.113.9"');
    expect(none.logLines.join('')).not.toContain('203.0.113');
    expect(none.logLines.join('')).toContain('authentication_event');
  });
});

it('the refusal of a configuration names no value, whatever is wrong with it', () => {
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const names = [
    'PORT',
    'DATABASE_URL',
    'JWT_SECRET',
    'SERVER_KEYS',
    'METRICS_TOKEN',
    'REDIS_URL',
    'TRUST_PROXY',
  ];

  const attempt = (): unknown => loadConfig(Object.fromEntries(names.map((name) => [name, canary])));

  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(/PORT.*\n.*DATABASE_URL|DATABASE_URL.*\n.*PORT/s);
  expect(attempt).not.toThrow(/canary/);
});
