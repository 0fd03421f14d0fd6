/**
 * A session with canaries in every place where something secret travels, refused requests among it, at
 * trace level: no log line and no answer that is not meant to may hold one of them.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { givenKeyOwner, sendWithKey } from './api-key-client.ts';
import { auditRows } from './audit-rows.ts';
import { type AuthClient, authClient, someBytes } from './auth-client.ts';
import { SECOND_FACTOR, secondFactorClient } from './second-factor-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

it('writes no key, token, salt, envelope, query, body or whole login to the log, nor to the audit log', async () => {
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
  const audit = JSON.stringify(await auditRows(server.db));

  expect(log).toContain('authentication_event');
  expect(log).toContain('security_violation');
  expect(log).toContain('unhandled_exception');
  expect(audit).toContain('refresh-reuse');
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
    expect(`${log} ${audit}`.includes(String(canary)), name).toBe(false);
});

it('writes no seed, one-time password or recovery code to the log', async () => {
  const guard = secondFactorClient(server);
  const account = await guard.givenGuarded();
  const totp = await guard.totp(account.seed);
  const wrong = await guard.totp(account.seed, -1_000);
  const [recoveryCode = '', other = ''] = account.recoveryCodes;
  await guard.logIn(account, { totp: wrong });
  await guard.logIn(account, { totp });
  await guard.logIn(account, { recoveryCode });
  await guard.logIn(account, { recoveryCode: `${other} 'canary` });
  await guard.post(
    `${SECOND_FACTOR}/verify`,
    { authKey: account.authKey, totp, canaryField: 'canary value' },
    account.bearer,
  );
  await server.db.schema.alterTable('second_factors').renameTo('second_factors_away').execute();
  await guard.logIn(account, { totp });
  await server.db.schema.alterTable('second_factors_away').renameTo('second_factors').execute();
  await server.db.updateTable('second_factors').set({ key_id: 'gone' }).execute();
  await guard.logIn(account, { totp });

  const log = server.logLines.join('');

  expect(log).toContain('second-factor-verify');
  expect(log).toContain('SERVER_KEYS lacks the key');
  const canaries = {
    secret: account.secret,
    seed: Buffer.from(account.seed).toString('hex'),
    seedInBase64: Buffer.from(account.seed).toString('base64url'),
    url: 'otpauth:',
    recoveryCode,
    other,
    value: 'canary value',
  };
  for (const [name, canary] of Object.entries(canaries)) expect(log.includes(canary), name).toBe(false);
  // Six digits may stand in a log by chance, inside a number; not by themselves.
  for (const password of [totp, wrong]) expect(log).not.toMatch(new RegExp(`(?<!\\d)${password}(?!\\d)`));
});

it('writes no part of an API key, digest, wrap or grant to the log, nor to the audit log', async () => {
  const owner = await givenKeyOwner(server);
  const { credential, ...parts } = owner.parts();
  const body = { authKey: owner.authKey, name: 'canary name', scopes: ['entries:read'], ...parts };
  const keyHalf = someBytes(32);
  const { credential: nextCredential, ...next } = owner.parts();

  await owner.send('POST', '/api-keys', body);
  await owner.send('POST', '/api-keys', { ...body, canaryField: 'canary value' });
  await sendWithKey(server, credential, ['GET', '/api-keys/self']);
  await sendWithKey(server, `${credential}_${keyHalf}`, ['GET', '/entries?canary=query']);
  await sendWithKey(server, nextCredential, ['GET', '/entries']);
  await server.app.inject(`/api/v1/api-keys/${credential}_${keyHalf}`);
  await owner.send('POST', `/api-keys/${parts.id}/rotate`, { authKey: owner.authKey, ...next });
  await server.db.schema.alterTable('api_keys').renameTo('api_keys_away').execute();
  await sendWithKey(server, credential, ['GET', '/entries']);
  await server.db.schema.alterTable('api_keys_away').renameTo('api_keys').execute();

  const log = server.logLines.join('');
  const audit = JSON.stringify(await auditRows(server.db));
  for (const event of ['data_access', 'api-key-half-exposed']) expect(log).toContain(event);
  for (const action of ['api-key-created', 'api-key-rotated']) expect(audit).toContain(action);
  const canaries = {
    authHalf: credential.slice(-43),
    nextAuthHalf: nextCredential.slice(-43),
    keyHalf,
    digest: parts.digest,
    wrap: parts.wraps[0]?.wrap.ciphertext,
    grant: parts.grant?.ciphertext,
    authKey: owner.authKey,
    name: 'canary name',
    value: 'canary value',
    query: 'canary=query',
  };
  for (const [name, canary] of Object.entries(canaries))
    expect(`${log} ${audit}`.includes(String(canary)), name).toBe(false);
});
