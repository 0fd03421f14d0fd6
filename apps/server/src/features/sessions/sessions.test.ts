import { randomUUID } from 'node:crypto';
import type { LoginAnswer, Problem, Session } from '@zkvault/contract';
import { SignJWT } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer, testJwtSecret } from '../../../test/test-server.ts';
import { keepHouse } from '../../housekeeping.ts';
import { makeAccessTokens } from './access-token.ts';

const SESSIONS = '/api/v1/auth/sessions';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

function bearer({ accessToken }: Pick<LoginAnswer, 'accessToken'>) {
  return { authorization: `Bearer ${accessToken}` };
}

function list(session: Pick<LoginAnswer, 'accessToken'>) {
  return server.send({ url: SESSIONS, headers: bearer(session) });
}

async function isAlive(session: Pick<LoginAnswer, 'accessToken'>): Promise<boolean> {
  return (await list(session)).statusCode === 200;
}

describe('the list of sessions', () => {
  it("shows the account's devices, and which one asks", async () => {
    const account = await client.givenAccount();
    const phone = await client.givenLogin(account);
    const laptop = await client.givenLogin(account);

    const { items } = (await list(laptop)).json<{ items: Session[] }>();

    expect(items.map(({ id }) => id).toSorted()).toEqual([phone.sessionId, laptop.sessionId].toSorted());
    expect(items.find(({ current }) => current)?.id).toBe(laptop.sessionId);
    expect(items[0]).toMatchObject({ device: { name: 'a test' }, addressPrefix: '127.0.0.0/24' });
  });

  it('does not show those that ended or can no longer be refreshed', async () => {
    const account = await client.givenAccount();
    const [old, ended, present] = [
      await client.givenLogin(account),
      await client.givenLogin(account),
      await client.givenLogin(account),
    ];
    await server.db
      .updateTable('sessions')
      .set({ last_used_at: sql<Date>`now() - interval '7 days'` })
      .where('id', '=', old.sessionId)
      .execute();
    await client.post('/api/v1/auth/logout', undefined, bearer(ended));

    const { items } = (await list(present)).json<{ items: Session[] }>();

    expect(items.map(({ id }) => id)).toEqual([present.sessionId]);
  });
});

describe('ending a session', () => {
  it('of another device stops its tokens at once', async () => {
    const account = await client.givenAccount();
    const lost = await client.givenLogin(account);
    const own = await client.givenLogin(account);

    const response = await server.send({
      method: 'DELETE',
      url: `${SESSIONS}/${lost.sessionId}`,
      headers: bearer(own),
    });

    expect(response.statusCode).toBe(204);
    expect(await isAlive(lost)).toBe(false);
    expect((await client.post('/api/v1/auth/refresh', { refreshToken: lost.refreshToken })).statusCode).toBe(
      401,
    );
    expect(await isAlive(own)).toBe(true);
  });

  it("answers for another user's session exactly as for none", async () => {
    const eve = await client.givenLogin(await client.givenAccount());
    const ada = await client.givenLogin(await client.givenAccount());
    const end = (id: string) =>
      server.send({
        method: 'DELETE',
        url: `${SESSIONS}/${id}`,
        headers: { ...bearer(eve), 'x-request-id': '3f2504e0-4f89-41d3-9a0c-0305e82c3301' },
      });

    const others = await end(ada.sessionId);
    const none = await end(randomUUID());

    expect(others.json<Problem>()).toMatchObject({ status: 404, code: 'session-not-found' });
    expect(others.body).toBe(none.body);
    expect(await isAlive(ada)).toBe(true);
  });
});

describe('logout', () => {
  it.for(['access token', 'refresh token', 'cookie'] as const)(
    'ends the session by its %s',
    async (means) => {
      const account = await client.givenAccount();
      const page = { host: 'localhost:80', origin: 'http://localhost:80' };
      const transport = means === 'cookie' ? 'cookie' : 'body';
      const login = await client.post('/api/v1/auth/login', client.loginBody(account, { transport }), page);
      const session = login.json<LoginAnswer>();
      const cookie = String(login.headers['set-cookie']).split(';')[0] ?? '';

      const response =
        means === 'access token'
          ? await client.post('/api/v1/auth/logout', undefined, bearer(session))
          : means === 'cookie'
            ? await client.post('/api/v1/auth/logout', undefined, { ...page, cookie })
            : await client.post('/api/v1/auth/logout', { refreshToken: session.refreshToken });

      expect(response.statusCode).toBe(204);
      expect(response.headers['set-cookie']).toContain('Max-Age=0');
      expect(await isAlive(session)).toBe(false);
    },
  );

  it.for(['/api/v1/auth/logout', '/api/v1/auth/logout-all'])(
    'succeeds with nothing, or with tokens of nobody: %s',
    async (url) => {
      const responses = [
        await client.post(url),
        await client.post(url, {}),
        await client.post(url, { refreshToken: someBytes(32) }, { authorization: 'Bearer nonsense' }),
        await client.post(url, undefined, { authorization: 'Basic YTpi' }),
      ];

      expect(responses.map(({ statusCode }) => statusCode)).toEqual([204, 204, 204, 204]);
    },
  );

  it('by a cookie is refused to a page of another origin', async () => {
    const response = await client.post('/api/v1/auth/logout', undefined, {
      origin: 'https://evil.example',
      cookie: `__Host-zkvault-refresh=${someBytes(32)}`,
    });

    expect(response.json<Problem>()).toMatchObject({ status: 403, code: 'origin-refused' });
  });

  it('of all ends every session of the account and of no other', async () => {
    const account = await client.givenAccount();
    const sessions = [await client.givenLogin(account), await client.givenLogin(account)];
    const stranger = await client.givenLogin(await client.givenAccount());

    await client.post('/api/v1/auth/logout-all', { refreshToken: sessions[0]?.refreshToken });

    for (const session of sessions) expect(await isAlive(session)).toBe(false);
    expect(await isAlive(stranger)).toBe(true);
  });

  it('by a token of an ended session ends nothing', async () => {
    const account = await client.givenAccount();
    const ended = await client.givenLogin(account);
    await client.post('/api/v1/auth/logout', undefined, bearer(ended));
    const other = await client.givenLogin(account);

    await client.post('/api/v1/auth/logout-all', { refreshToken: ended.refreshToken });

    expect(await isAlive(other)).toBe(true);
  });
});

describe('an access token', () => {
  const kid = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

  /** A token as this server signs it, with changed claims, header or secret. */
  async function forged(change: {
    readonly claims?: Record<string, unknown>;
    readonly header?: Record<string, unknown>;
    readonly secret?: string;
  }): Promise<string> {
    const session = await client.givenLogin(await client.givenAccount());
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      sub: session.accountId,
      sid: session.sessionId,
      role: 'user',
      typ: 'access',
      jti: randomUUID(),
      iss: 'zkvault',
      aud: 'zkvault-clients',
      iat: now,
      exp: now + 900,
      ...change.claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
      .setProtectedHeader({ alg: 'HS256', kid: kid(session.accessToken), ...change.header })
      .sign(Buffer.from(change.secret ?? testJwtSecret));
  }

  it('with everything right is taken: the forger below forges well', async () => {
    expect(await isAlive({ accessToken: await forged({}) })).toBe(true);
  });

  it.for([
    ['another secret', { secret: 'another secret of more than 32 characters' }],
    ['an unknown kid', { header: { kid: 'unknown' } }],
    ['a path as kid', { header: { kid: '../../etc/passwd' } }],
    ['no kid', { header: { kid: undefined } }],
    ['another algorithm of the family', { header: { alg: 'HS512' } }],
    ['another issuer', { claims: { iss: 'evil' } }],
    ['another audience', { claims: { aud: 'evil' } }],
    ['another type', { claims: { typ: 'refresh' } }],
    ['another role than the account has', { claims: { role: 'admin' } }],
    ['a time that has passed', { claims: { exp: Math.floor(Date.now() / 1000) - 1 } }],
    ['more than 4 KiB', { claims: { padding: 'x'.repeat(4_096) } }],
    ['another user', { claims: { sub: randomUUID() } }],
    ['a session that is none', { claims: { sid: randomUUID() } }],
    ['a session id that is no id', { claims: { sid: "' or 1=1" } }],
    ...['iss', 'aud', 'exp', 'iat', 'sub', 'jti', 'sid', 'role', 'typ'].map(
      (name) => [`no ${name}`, { claims: { [name]: undefined } }] as const,
    ),
  ] as const)('with %s is refused', async ([, change]) => {
    const response = await list({ accessToken: await forged(change) });

    expect(response.json<Problem>()).toMatchObject({ status: 401, code: 'invalid-token' });
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it('without a signature is refused', async () => {
    const [, payload = ''] = (await forged({})).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');

    for (const token of [`${header}.${payload}.`, `${header}.${payload}`, `${header}.${payload}.AAAA`])
      expect((await list({ accessToken: token })).statusCode).toBe(401);
  });

  it.for([
    ['padding', (token: string) => `${token}=`],
    ['spare bits set', (token: string) => `${token.slice(0, -1)}${nextLetter(token.at(-1) ?? '')}`],
    ['a fourth part', (token: string) => `${token}.`],
    ['a part missing', (token: string) => token.slice(0, token.lastIndexOf('.'))],
    ['standard base64', (token: string) => token.replaceAll('-', '+').replaceAll('_', '/').concat('/')],
  ] as const)('in another spelling is refused: %s', async ([, spell]) => {
    const session = await client.givenLogin(await client.givenAccount());

    expect(await isAlive({ accessToken: spell(session.accessToken) })).toBe(false);
  });

  it.for(['', 'null', 'undefined', 'not-a-jwt', '{}', '...', 'Bearer'])(
    '"%s" is none',
    async (accessToken) => {
      expect((await list({ accessToken })).statusCode).toBe(401);
    },
  );

  it('of a stopped account is refused at once', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);

    await server.db
      .updateTable('users')
      .set({ is_active: false })
      .where('id', '=', account.accountId)
      .execute();

    expect(await isAlive(session)).toBe(false);
  });

  it('of a changed role is refused at once', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);

    await server.db
      .updateTable('users')
      .set({ role: 'viewer' })
      .where('id', '=', account.accountId)
      .execute();

    expect(await isAlive(session)).toBe(false);
  });

  it('of before a change of secret is taken while the old secret is listed', async () => {
    const options = { issuer: 'i', audience: 'a', ttlSeconds: 60 };
    const old = makeAccessTokens({ ...options, secrets: ['old secret'] });
    const both = makeAccessTokens({ ...options, secrets: ['new secret', 'old secret'] });
    const fresh = makeAccessTokens({ ...options, secrets: ['new secret'] });
    const claims = { userId: randomUUID(), sessionId: randomUUID(), role: 'user' } as const;
    const token = await old.sign(claims, new Date());

    expect(await both.read(token)).toMatchObject(claims);
    expect(await fresh.read(token)).toBeUndefined();
    expect(() => makeAccessTokens({ ...options, secrets: [] })).toThrow(RangeError);
  });
});

/** Another letter that decodes to the same bytes in a lenient decoder: HS256 leaves two spare bits. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(letter) + 1] ?? 'B';
}

describe('housekeeping', () => {
  it('removes what nobody can use any more, and nothing else', async () => {
    const account = await client.givenAccount();
    const old = await client.givenLogin(account);
    const present = await client.givenLogin(account);
    await client.post('/api/v1/auth/login', client.loginBody({ login: 'nobody', authKey: someBytes(32) }));
    await server.db
      .updateTable('sessions')
      .set({ last_used_at: sql<Date>`now() - interval '38 days'` })
      .where('id', '=', old.sessionId)
      .execute();
    await server.db
      .updateTable('login_failures')
      .set({ window_started_at: sql<Date>`now() - interval '31 minutes'` })
      .execute();

    const removed = await keepHouse(server.db, { refreshTokenTtlSeconds: 7 * 86_400, lockoutMinutes: 15 });

    expect(removed).toBe(3);
    expect((await list(present)).json<{ items: object[] }>().items).toHaveLength(1);
    expect(await keepHouse(server.db, { refreshTokenTtlSeconds: 7 * 86_400, lockoutMinutes: 15 })).toBe(0);
  });
});
