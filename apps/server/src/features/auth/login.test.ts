import { createHmac, randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import type { LoginAnswer, Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthClient, authClient, type Credentials, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer, testKeyRing } from '../../../test/test-server.ts';
import { makeWorkQueue, type WorkQueue } from '../../lib/work-queue.ts';

const LOGIN = '/api/v1/auth/login';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

describe('login', () => {
  it('gives tokens and everything a client needs to open its vaults', async () => {
    const parts = client.keyMaterial();
    const account = await client.givenAccount({ ...parts, email: 'Ada@Example.com', fullName: 'Ada L.' });

    const answer = await client.givenLogin(account);

    expect(answer).toMatchObject({
      accountId: account.accountId,
      tokenType: 'Bearer',
      expiresIn: 900,
      salt: account.salt,
      profile: 1,
      akEpoch: 1,
      wrap: parts.wrap,
      accountState: parts.accountState,
      identity: null,
      vaults: [{ ...parts.vaults?.[0], revision: 0, seq: 0 }],
      user: {
        login: account.login,
        email: 'Ada@Example.com',
        fullName: 'Ada L.',
        role: 'user',
        isActive: true,
        secondFactor: false,
      },
    });
    expect(answer.refreshToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('gives an account of its own format a default vault and no key material', async () => {
    const account = await client.givenAccount();

    const answer = await client.givenLogin(account);

    expect(answer).toMatchObject({ akEpoch: null, wrap: null, accountState: null });
    expect(answer.vaults).toMatchObject([{ integrity: 'none', vkEpoch: 1, wrap: null, manifest: null }]);
  });

  it('takes any spelling of the login that has the same canonical form', async () => {
    const account = await client.givenAccount({ login: 'straße@exämple.com' });

    const answer = await client.givenLogin({ login: '  Straße@EXÄMPLE.COM ', authKey: account.authKey });

    expect(answer.user.login).toBe('straße@xn--exmple-cua.com');
  });

  it('gives a token that opens the routes of a session', async () => {
    const { accessToken } = await client.givenLogin(await client.givenAccount());

    const response = await server.send({
      url: '/api/v1/auth/sessions',
      headers: { authorization: `Bearer ${accessToken}` },
    });

    expect(response.statusCode).toBe(200);
    expect(response.json<{ items: object[] }>().items).toHaveLength(1);
  });

  it('makes an old verifier anew, and the login still works', async () => {
    const account = await client.givenAccount();
    const pepper = testKeyRing.newest('pepper');
    const weak = await hash(
      createHmac('sha256', pepper.bytes).update(Buffer.from(account.authKey, 'base64url')).digest(),
      { memoryCost: 8_192, timeCost: 1, parallelism: 1 },
    );
    await server.db
      .updateTable('users')
      .set({ verifier: weak })
      .where('id', '=', account.accountId)
      .execute();

    await client.givenLogin(account);

    const { verifier } = await server.db
      .selectFrom('users')
      .select('verifier')
      .where('id', '=', account.accountId)
      .executeTakeFirstOrThrow();
    expect(verifier).toContain('$m=8,t=1,p=1$');
    await client.givenLogin(account);
  });
});

describe('a refused login', () => {
  it.for([
    ['a wrong key', async (account: Credentials) => client.loginBody({ ...account, authKey: someBytes(32) })],
    ['an unknown login', async () => client.loginBody({ login: 'nobody-here', authKey: someBytes(32) })],
    [
      'what is no login at all',
      async () => client.loginBody({ login: 'not a login', authKey: someBytes(32) }),
    ],
    [
      'an inactive account',
      async (account: Credentials) => {
        await server.db
          .updateTable('users')
          .set({ is_active: false })
          .where('id', '=', account.accountId)
          .execute();
        return client.loginBody(account);
      },
    ],
    [
      'a locked account',
      async (account: Credentials) => {
        for (let attempt = 0; attempt < 5; attempt += 1)
          await client.post(LOGIN, client.loginBody({ ...account, authKey: someBytes(32) }));
        return client.loginBody(account);
      },
    ],
    [
      'an account whose pepper has left the key ring',
      async (account: Credentials) => {
        await server.db
          .updateTable('users')
          .set({ verifier_key_id: 'gone' })
          .where('id', '=', account.accountId)
          .execute();
        return client.loginBody(account);
      },
    ],
  ] as const)('is the same answer, byte for byte, for %s', async ([, makeBody]) => {
    const requestId = randomUUID();
    const headers = { 'x-request-id': requestId };
    const known = await client.givenAccount();
    const expected = await client.post(
      LOGIN,
      client.loginBody({ ...known, authKey: someBytes(32) }),
      headers,
    );

    const response = await client.post(LOGIN, await makeBody(await client.givenAccount()), headers);

    expect(response.statusCode).toBe(401);
    expect(response.json<Problem>().code).toBe('invalid-credentials');
    expect(response.rawPayload.equals(expected.rawPayload)).toBe(true);
    expect(withoutDate(response.headers)).toEqual(withoutDate(expected.headers));
  });

  it('opens no session', async () => {
    const account = await client.givenAccount();

    await client.post(LOGIN, client.loginBody({ ...account, authKey: someBytes(32) }));

    const sessions = await server.db
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', account.accountId)
      .execute();
    expect(sessions).toEqual([]);
  });

  it('says why in the log, with the login masked', async () => {
    await client.post(LOGIN, client.loginBody({ login: 'eve@example.com', authKey: someBytes(32) }));

    const event = server.logLines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .findLast((line) => line['event'] === 'authentication_event');
    expect(event).toMatchObject({
      action: 'login',
      outcome: 'failure',
      login: 'e***@example.com',
      reason: 'unknown-login',
      address_prefix: '127.0.0.0/24',
    });
  });
});

describe('a login in flight', () => {
  it('opens no session once the key that was checked has been replaced', async () => {
    const queue = makeWorkQueue({ running: 2, waiting: 4 });
    let hold: Promise<void> | undefined;
    const holding: WorkQueue = {
      isFull: () => false,
      load: () => ({ running: 0, waiting: 0, refused: 0 }),
      async run(work) {
        const held = hold;
        hold = undefined;
        const result = await queue.run(work);
        await held;
        return result;
      },
    };
    const slow = await startTestServer({ hashing: holding });
    const slowClient = authClient(slow.app);
    const account = await slowClient.givenAccount();
    const { accessToken } = await slowClient.givenLogin(account);
    const { promise, resolve } = Promise.withResolvers<void>();

    hold = promise;
    const login = slowClient.post(LOGIN, slowClient.loginBody(account));
    await vi.waitUntil(() => hold === undefined);
    const rekey = await slowClient.post(
      '/api/v1/auth/rekey',
      { authKey: account.authKey, newProfile: 1, newSalt: someBytes(16), newAuthKey: someBytes(32) },
      { authorization: `Bearer ${accessToken}` },
    );
    resolve();
    const response = await login;
    await slow.close();

    expect(rekey.statusCode).toBe(200);
    expect(response.statusCode).toBe(401);
  });
});

describe('a login with the cookie transport', () => {
  const origin = { origin: 'http://localhost:80', host: 'localhost:80' };

  it('puts the refresh token into a cookie that scripts cannot read, and nowhere else', async () => {
    const account = await client.givenAccount();

    const response = await client.post(LOGIN, client.loginBody(account, { transport: 'cookie' }), origin);

    expect(response.statusCode).toBe(200);
    expect(response.json<LoginAnswer>()).not.toHaveProperty('refreshToken');
    expect(response.headers['set-cookie']).toMatch(
      /^__Host-zkvault-refresh=[A-Za-z0-9_-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  it.for([
    ['of another origin', { ...origin, origin: 'https://evil.example' }],
    ['without an origin', { host: 'localhost:80' }],
    ['of an opaque origin', { ...origin, origin: 'null' }],
  ] as const)('is refused for a page %s', async ([, headers]) => {
    const account = await client.givenAccount();

    const response = await client.post(LOGIN, client.loginBody(account, { transport: 'cookie' }), headers);

    expect(response.statusCode).toBe(403);
    expect(response.json<Problem>().code).toBe('origin-refused');
  });
});

function withoutDate(headers: Record<string, unknown>): Record<string, unknown> {
  const { date: _date, ...rest } = headers;
  return rest;
}
