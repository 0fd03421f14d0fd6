/**
 * Parallel uses of one refresh token: exactly one wins, nothing deadlocks, and when the uses were replays
 * no live token is left. See [Note: Rotation] in refresh.ts.
 */
import type { Tokens } from '@zkvault/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthClient, authClient, type Credentials } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

const ROUNDS = 10;
const PARALLEL = 50;

let server: TestServer;
let client: AuthClient;
let ada: Credentials;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
  ada = await client.givenAccount();
});
afterAll(() => server.close());

it(`gives one of ${PARALLEL} parallel refreshes a new pair, and then ends the session`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { refreshToken, sessionId } = await client.givenLogin(ada);

    const responses = await Promise.all(
      Array.from({ length: PARALLEL }, () => client.post('/api/v1/auth/refresh', { refreshToken })),
    );

    const winners = responses.filter(({ statusCode }) => statusCode === 200);
    expect(winners).toHaveLength(1);
    expect(responses.filter(({ statusCode }) => statusCode === 401)).toHaveLength(PARALLEL - 1);
    const next = winners[0]?.json<Tokens>().refreshToken;
    expect((await client.post('/api/v1/auth/refresh', { refreshToken: next })).statusCode).toBe(401);
    const session = await server.db
      .selectFrom('sessions')
      .select('revoked_reason')
      .where('id', '=', sessionId)
      .executeTakeFirst();
    expect(session?.revoked_reason).toBe('refresh-reuse');
  }
});

it(`gives ${PARALLEL} parallel retries with one key the same successor, and one row`, async () => {
  const { refreshToken, sessionId } = await client.givenLogin(ada);

  const responses = await Promise.all(
    Array.from({ length: PARALLEL }, () =>
      client.post('/api/v1/auth/refresh', { refreshToken }, { 'idempotency-key': 'the-same' }),
    ),
  );

  const tokens = responses.map((response) => response.json<Tokens>().refreshToken);
  expect(responses.every(({ statusCode }) => statusCode === 200)).toBe(true);
  expect(new Set(tokens).size).toBe(1);
  const rows = await server.db
    .selectFrom('refresh_tokens')
    .selectAll()
    .where('session_id', '=', sessionId)
    .execute();
  expect(rows).toHaveLength(2);
});

it('lets no session of before a rekey live, however the logins and refreshes fall', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const account = await client.givenAccount();
    const asking = await client.givenLogin(account);
    const other = await client.givenLogin(account);
    const rekey = client.post(
      '/api/v1/auth/rekey',
      { authKey: account.authKey, newProfile: 1, newSalt: account.salt, newAuthKey: ada.authKey },
      { authorization: `Bearer ${asking.accessToken}` },
    );

    const [rekeyed, ...rest] = await Promise.all([
      rekey,
      client.post('/api/v1/auth/login', client.loginBody(account)),
      client.post('/api/v1/auth/refresh', { refreshToken: other.refreshToken }),
      client.post('/api/v1/auth/login', client.loginBody(account)),
    ]);

    expect(rekeyed.statusCode).toBe(200);
    for (const response of rest) {
      if (response.statusCode !== 200) continue;
      const { refreshToken } = response.json<Tokens>();
      expect((await client.post('/api/v1/auth/refresh', { refreshToken })).statusCode).toBe(401);
    }
  }
});
