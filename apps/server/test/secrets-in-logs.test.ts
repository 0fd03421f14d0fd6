/**
 * A session with canaries in every place where something secret travels, refused requests among it, at
 * trace level: no log line and no answer that is not meant to may hold one of them.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthClient, authClient, someBytes } from './auth-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

it('writes no key, token, salt, envelope, query, body or whole login to the log', async () => {
  const parts = client.keyMaterial();
  const account = await client.givenAccount({
    ...parts,
    login: 'canary-login@example.com',
    fullName: 'Canary Name',
  });
  const session = await client.givenLogin(account);
  const wrongKey = someBytes(32);
  const device = { id: randomUUID(), name: 'canary device' };
  const headers = { authorization: `Bearer ${session.accessToken}` };
  const json = { 'content-type': 'application/json' };
  await client.post('/api/v1/auth/login', client.loginBody({ ...account, authKey: wrongKey }, { device }));
  await client.post('/api/v1/auth/login', { ...client.loginBody(account), canaryField: 'canary value' });
  await client.post('/api/v1/auth/register', client.registration({ login: account.login }));
  const refreshed = await client.post('/api/v1/auth/refresh', { refreshToken: session.refreshToken });
  await client.post('/api/v1/auth/refresh', { refreshToken: session.refreshToken });
  await server.app.inject({ url: '/api/v1/entries?canary=query', headers });
  await server.app.inject({ url: '/%zz?canary=query', headers });
  await server.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    headers: json,
    payload: `{"authKey":"${wrongKey}"`,
  });
  await server.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    headers: { 'content-type': 'text/canary' },
    payload: wrongKey,
  });
  await server.db.schema.alterTable('sessions').renameTo('sessions_away').execute();
  await client.post('/api/v1/auth/login', client.loginBody(account));
  await server.db.schema.alterTable('sessions_away').renameTo('sessions').execute();

  const log = server.logLines.join('');

  expect(log).toContain('authentication_event');
  expect(log).toContain('security_violation');
  expect(log).toContain('unhandled_exception');
  const canaries = {
    authKey: account.authKey,
    wrongKey,
    salt: account.salt,
    wrap: parts.wrap?.ciphertext,
    accountState: parts.accountState?.ciphertext,
    vaultWrap: parts.vaults?.[0]?.wrap?.ciphertext,
    manifest: parts.vaults?.[0]?.manifest?.ciphertext,
    refreshToken: session.refreshToken,
    accessToken: session.accessToken,
    successor: refreshed.json<{ refreshToken: string }>().refreshToken,
    login: 'canary-login',
    name: 'Canary Name',
    device: 'canary device',
    value: 'canary value',
    query: 'canary=query',
    media: 'text/canary',
  };
  for (const [name, canary] of Object.entries(canaries))
    expect(log.includes(String(canary)), name).toBe(false);
});
