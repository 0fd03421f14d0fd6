/**
 * A stolen refresh token, used before or after its owner uses it, ends the session (RFC 9700 section
 * 4.14.2); a lost answer does not.
 */
import { randomUUID } from 'node:crypto';
import type { Problem, Tokens } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, type Credentials, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

const REFRESH = '/api/v1/auth/refresh';

let server: TestServer;
let client: AuthClient;
let ada: Credentials;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
  ada = await client.givenAccount();
});
afterAll(() => server.close());

function refresh(refreshToken: string, idempotencyKey?: string) {
  const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
  return client.post(REFRESH, { refreshToken }, headers);
}

async function givenRefresh(refreshToken: string, idempotencyKey?: string): Promise<Required<Tokens>> {
  const response = await refresh(refreshToken, idempotencyKey);
  expect(response.statusCode).toBe(200);
  return response.json<Required<Tokens>>();
}

/** Whether an access token still opens a route. */
async function isAlive({ accessToken }: Pick<Tokens, 'accessToken'>): Promise<boolean> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await server.send({ url: '/api/v1/auth/sessions', headers })).statusCode === 200;
}

describe('a refresh', () => {
  it('gives a new pair that works', async () => {
    const first = await client.givenLogin(ada);

    const second = await givenRefresh(first.refreshToken);
    const third = await givenRefresh(second.refreshToken);

    expect(new Set([first.refreshToken, second.refreshToken, third.refreshToken]).size).toBe(3);
    expect(third).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    expect(await isAlive(third)).toBe(true);
  });

  it('works under its other name', async () => {
    const { refreshToken } = await client.givenLogin(ada);

    const response = await client.post('/api/v1/auth/token', { refreshToken });

    expect(response.statusCode).toBe(200);
  });

  it.for([
    ['no token', {}],
    ['no body', undefined],
    ['a token nobody was given', { refreshToken: someBytes(32) }],
  ] as const)('with %s is refused', async ([, body]) => {
    const response = await client.post(REFRESH, body);

    expect(response.json<Problem>()).toMatchObject({ status: 401, code: 'invalid-token' });
  });

  it('with an expired token is refused, and does not end the session', async () => {
    const login = await client.givenLogin(ada);
    await server.db
      .updateTable('refresh_tokens')
      .set({
        issued_at: sql<never>`issued_at - interval '8 days'`,
        expires_at: sql<Date>`now() - interval '1 second'`,
      } as never)
      .where('session_id', '=', login.sessionId)
      .execute();

    const response = await refresh(login.refreshToken);

    expect(response.statusCode).toBe(401);
    expect(await isAlive(login)).toBe(true);
  });

  it('puts off the end of a session no further than its whole life lasts', async () => {
    const login = await client.givenLogin(ada);
    const setAge = (days: number) =>
      server.db
        .updateTable('sessions')
        .set({ created_at: sql<Date>`now() - make_interval(days => ${days})` } as never)
        .where('id', '=', login.sessionId)
        .execute();
    await setAge(89);
    const last = await givenRefresh(login.refreshToken);
    const { rows } = await sql<{ hours: number }>`
      select extract(epoch from max(expires_at) - now())::int / 3600 as hours from refresh_tokens
      where session_id = ${login.sessionId} and used_at is null`.execute(server.db);
    await setAge(90);
    await sql`update refresh_tokens set issued_at = issued_at - interval '1 day',
      expires_at = expires_at - interval '1 day' where session_id = ${login.sessionId}`.execute(server.db);

    const late = await refresh(last.refreshToken);

    expect(rows[0]?.hours).toBeLessThanOrEqual(24);
    expect(late.json<Problem>()).toMatchObject({ status: 401, code: 'invalid-token' });
  });

  it('of an account that has been stopped is refused', async () => {
    const account = await client.givenAccount();
    const { refreshToken } = await client.givenLogin(account);
    await server.db
      .updateTable('users')
      .set({ is_active: false })
      .where('id', '=', account.accountId)
      .execute();

    expect((await refresh(refreshToken)).statusCode).toBe(401);
  });

  it('keeps no token in the database', async () => {
    const { refreshToken, sessionId } = await client.givenLogin(ada);

    const { rows } = await sql<{ text: string }>`select refresh_tokens::text as text from refresh_tokens
      where session_id = ${sessionId}`.execute(server.db);

    const bytes = Buffer.from(refreshToken, 'base64url');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain(refreshToken);
    expect(rows[0]?.text).not.toContain(bytes.toString('hex'));
  });
});

describe('a spent refresh token', () => {
  it('ends the session: its newest tokens die at once', async () => {
    const first = await client.givenLogin(ada);
    const second = await givenRefresh(first.refreshToken);

    const replay = await refresh(first.refreshToken);

    expect(replay.json<Problem>()).toMatchObject({ status: 401, code: 'invalid-token' });
    expect(await isAlive(second)).toBe(false);
    expect((await refresh(second.refreshToken)).statusCode).toBe(401);
  });

  it('ends no other session of the account', async () => {
    const other = await client.givenLogin(ada);
    const { refreshToken } = await client.givenLogin(ada);
    await givenRefresh(refreshToken);

    await refresh(refreshToken);

    expect(await isAlive(other)).toBe(true);
  });

  it('of two generations ago ends the session too, whatever key comes with it', async () => {
    const first = await client.givenLogin(ada);
    const second = await givenRefresh(first.refreshToken, 'key-1');
    const third = await givenRefresh(second.refreshToken, 'key-2');

    expect((await refresh(first.refreshToken, 'key-1')).statusCode).toBe(401);
    expect(await isAlive(third)).toBe(false);
  });

  it('is logged as a violation, without the token', async () => {
    const { refreshToken, sessionId } = await client.givenLogin(ada);
    await givenRefresh(refreshToken);

    await refresh(refreshToken);

    const line = server.logLines.findLast((text) => text.includes('security_violation'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ what: 'refresh token reuse', session_id: sessionId });
    expect(line).not.toContain(refreshToken);
  });
});

describe('a retry', () => {
  it('with the same key gets the same successor, as often as it asks', async () => {
    const key = randomUUID();
    const { refreshToken } = await client.givenLogin(ada);

    const answers = [
      await givenRefresh(refreshToken, key),
      await givenRefresh(refreshToken, key),
      await givenRefresh(refreshToken, key),
    ];

    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
    expect(await isAlive(await givenRefresh(answers[2]?.refreshToken ?? ''))).toBe(true);
  });

  it.for([
    ['another key', 'another'],
    ['no key', undefined],
  ] as const)('with %s is a replay', async ([, key]) => {
    const { refreshToken } = await client.givenLogin(ada);
    const second = await givenRefresh(refreshToken, 'key');

    const replay = await refresh(refreshToken, key);

    expect(replay.statusCode).toBe(401);
    expect(await isAlive(second)).toBe(false);
  });

  it('with a key that the first request did not have is a replay', async () => {
    const { refreshToken } = await client.givenLogin(ada);
    const second = await givenRefresh(refreshToken);

    expect((await refresh(refreshToken, 'key')).statusCode).toBe(401);
    expect(await isAlive(second)).toBe(false);
  });

  it('after thirty seconds is a replay', async () => {
    const { refreshToken, sessionId } = await client.givenLogin(ada);
    const second = await givenRefresh(refreshToken, 'key');
    await server.db
      .updateTable('refresh_tokens')
      .set({ used_at: sql<Date>`used_at - interval '30 seconds'` })
      .where('session_id', '=', sessionId)
      .where('used_at', 'is not', null)
      .execute();

    expect((await refresh(refreshToken, 'key')).statusCode).toBe(401);
    expect(await isAlive(second)).toBe(false);
  });

  it.for(['', 'x'.repeat(129), 'with space', 'ümlaut'])(
    'with the impossible key "%s" is refused',
    async (key) => {
      const { refreshToken } = await client.givenLogin(ada);

      const response = await refresh(refreshToken, key);

      expect(response.json<Problem>().errors?.[0]?.pointer).toBe('/headers/idempotency-key');
    },
  );
});

describe('the cookie transport', () => {
  const page = { host: 'localhost:80', origin: 'http://localhost:80' };

  async function givenCookie(): Promise<{ readonly cookie: string; readonly accessToken: string }> {
    const response = await client.post(
      '/api/v1/auth/login',
      client.loginBody(ada, { transport: 'cookie' }),
      page,
    );
    return { cookie: cookieOf(response.headers), accessToken: response.json<Tokens>().accessToken };
  }

  function cookieOf(headers: Record<string, unknown>): string {
    return String(headers['set-cookie']).split(';')[0] ?? '';
  }

  it('refreshes by the cookie, and gives the next token in the cookie only', async () => {
    const { cookie } = await givenCookie();

    const response = await client.post(REFRESH, undefined, { ...page, cookie });

    expect(response.statusCode).toBe(200);
    expect(response.json<Tokens>()).not.toHaveProperty('refreshToken');
    expect(cookieOf(response.headers)).toMatch(/^__Host-zkvault-refresh=[A-Za-z0-9_-]{43}$/);
    expect(cookieOf(response.headers)).not.toBe(cookie);
  });

  it('is refused to a page of another origin, and the session lives on', async () => {
    const { cookie, accessToken } = await givenCookie();

    const response = await client.post(REFRESH, undefined, {
      ...page,
      origin: 'https://evil.example',
      cookie,
    });

    expect(response.json<Problem>()).toMatchObject({ status: 403, code: 'origin-refused' });
    expect(await isAlive({ accessToken })).toBe(true);
  });

  it('does not mix with bodies: neither token works in the place of the other', async () => {
    const { cookie } = await givenCookie();
    const { refreshToken } = await client.givenLogin(ada);
    const token = cookie.split('=')[1] ?? '';

    const asBody = await refresh(token);
    const asCookie = await client.post(REFRESH, undefined, {
      ...page,
      cookie: `__Host-zkvault-refresh=${refreshToken}`,
    });

    expect([asBody.statusCode, asCookie.statusCode]).toEqual([401, 401]);
  });

  it('clears a cookie that is of no use', async () => {
    const response = await client.post(REFRESH, undefined, {
      ...page,
      cookie: `__Host-zkvault-refresh=${someBytes(32)}`,
    });

    expect(response.statusCode).toBe(401);
    expect(response.headers['set-cookie']).toMatch(/^__Host-zkvault-refresh=; Max-Age=0; Path=\//);
  });

  it('works over plain HTTP under another name where a developer asks for it', async () => {
    const plain = await startTestServer({ settings: { secureCookies: false } });
    const plainClient = authClient(plain.app);
    const account = await plainClient.givenAccount();

    const response = await plainClient.post(
      '/api/v1/auth/login',
      plainClient.loginBody(account, { transport: 'cookie' }),
      page,
    );
    await plain.close();

    expect(response.headers['set-cookie']).toMatch(/^zkvault-refresh=/);
    expect(response.headers['set-cookie']).not.toContain('Secure');
  });
});

describe('after a reuse', () => {
  it('the next login says when it was, and the one after it is silent', async () => {
    const account = await client.givenAccount();
    const before = await client.givenLogin(account);
    await client.post('/api/v1/auth/refresh', { refreshToken: before.refreshToken });
    await client.post('/api/v1/auth/refresh', { refreshToken: before.refreshToken });
    const row = await server.db
      .selectFrom('sessions')
      .select('revoked_at')
      .where('id', '=', before.sessionId)
      .executeTakeFirstOrThrow();

    const next = await client.givenLogin(account);
    const later = await client.givenLogin(account);

    expect(before.lastSecurityViolationAt).toBeNull();
    expect(next.lastSecurityViolationAt).toBe(row.revoked_at?.toISOString());
    expect(later.lastSecurityViolationAt).toBeNull();
  });
});
