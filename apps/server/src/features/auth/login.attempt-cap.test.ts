/**
 * Online guessing: a counter that is raised after the key was looked at lets parallel guesses through,
 * a counter of known logins only tells which logins exist, and a counter under the login alone lets
 * anybody lock anybody out. See [Note: Lockout] in lockout.ts.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, type Credentials, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { makeWorkQueue } from '../../lib/work-queue.ts';

const LOGIN = '/api/v1/auth/login';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer({
    settings: { trustProxy: 1 },
    hashing: makeWorkQueue({ running: 2, waiting: 1_000 }),
  });
  client = authClient(server.app);
});
afterAll(() => server.close());

async function guess(login: string, address = '192.0.2.1', authKey = someBytes(32)): Promise<number> {
  const body = client.loginBody({ login, authKey });
  return (await client.post(LOGIN, body, { 'x-forwarded-for': address })).statusCode;
}

/** The reasons of the last refusals, as the log has them. */
function reasons(last: number): unknown[] {
  return server.logLines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['event'] === 'authentication_event' && line['outcome'] === 'failure')
    .slice(-last)
    .map((line) => line['reason']);
}

async function guessMany(login: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await guess(login);
}

async function shiftTime(minutes: number): Promise<void> {
  await server.db
    .updateTable('login_failures')
    .set({
      window_started_at: sql<Date>`window_started_at - make_interval(mins => ${minutes})`,
      locked_until: sql<Date>`locked_until - make_interval(mins => ${minutes})`,
    })
    .execute();
}

describe('guessing', () => {
  it('ends after five attempts, for the right key too', async () => {
    const account = await client.givenAccount();
    await guessMany(account.login, 5);

    const status = await guess(account.login, '192.0.2.1', account.authKey);

    expect(status).toBe(401);
    expect(reasons(6)).toEqual([...Array.from({ length: 5 }, () => 'wrong-key'), 'locked']);
  });

  it('may go on after fifteen minutes, for five attempts', async () => {
    const account = await client.givenAccount();
    await guessMany(account.login, 7);
    await shiftTime(15);

    await guessMany(account.login, 6);

    expect(reasons(6)).toEqual([...Array.from({ length: 5 }, () => 'wrong-key'), 'locked']);
  });

  it('under lock does not make the lock longer', async () => {
    const account = await client.givenAccount();
    await guessMany(account.login, 5);
    await shiftTime(14);
    await guessMany(account.login, 3);
    await shiftTime(1);

    expect(await guess(account.login, '192.0.2.1', account.authKey)).toBe(200);
  });

  it('is forgotten after a success', async () => {
    const account = await client.givenAccount();
    await guessMany(account.login, 4);
    await guess(account.login, '192.0.2.1', account.authKey);
    await guessMany(account.login, 4);

    expect(await guess(account.login, '192.0.2.1', account.authKey)).toBe(200);
  });

  it('locks out the guesser, not the owner elsewhere', async () => {
    const account = await client.givenAccount();
    for (const last of [1, 2, 3, 250]) await guess(account.login, `192.0.2.${last}`);
    // More than the limit under the login alone: what is turned away at the first counter is not in the second.
    await guessMany(account.login, 60);

    expect(await guess(account.login, '192.0.2.77', account.authKey)).toBe(401);
    expect(await guess(account.login, '198.51.100.1', account.authKey)).toBe(200);
  });

  it('from many networks locks the login after fifty attempts', async () => {
    const account = await client.givenAccount();
    for (let network = 0; network < 10; network += 1)
      for (let attempt = 0; attempt < 5; attempt += 1) await guess(account.login, `10.0.${network}.1`);

    expect(await guess(account.login, '198.51.100.1', account.authKey)).toBe(401);
    expect(reasons(1)).toEqual(['locked']);
  });

  it('at a login that does not exist is counted in the same way', async () => {
    await guessMany('nobody-at-all', 7);

    expect(reasons(7)).toEqual([...Array.from({ length: 5 }, () => 'unknown-login'), 'locked', 'locked']);
  });

  it('leaves no login in the table of counters', async () => {
    await guess('leaves-no-trace');

    const { rows } = await sql<{
      text: string;
    }>`select login_failures::text as text from login_failures`.execute(server.db);

    expect(rows.map(({ text }) => text).join()).not.toContain('leaves');
  });

  it('in parallel is looked at five times and no more', async () => {
    const account: Credentials = await client.givenAccount();

    await Promise.all(Array.from({ length: 200 }, () => guess(account.login)));

    expect(reasons(200).filter((reason) => reason === 'wrong-key')).toHaveLength(5);
    expect(await guess(account.login, '192.0.2.1', account.authKey)).toBe(401);
  });

  it('does not lock out an owner whose ten devices log in at once', async () => {
    const account = await client.givenAccount();

    const statuses = await Promise.all(
      Array.from({ length: 10 }, () => guess(account.login, '192.0.2.1', account.authKey)),
    );

    expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
  });
});
