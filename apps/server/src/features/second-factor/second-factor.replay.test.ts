/**
 * Replay: whoever sees a one-time password or a recovery code over a shoulder or in a phishing page may send
 * it at once, again, or many times in parallel. Only the present step is right, each step is right once for
 * an account, and each recovery code is right once.
 */
import type { Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type GuardedAccount,
  SECOND_FACTOR,
  type SecondFactorClient,
  secondFactorClient,
  seedOf,
} from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { makeWorkQueue } from '../../lib/work-queue.ts';

const PARALLEL = 20;
// More than the tries, so that no try is turned away by the lockout before the second factor is looked at.
const settings = { maxFailedLogins: 100 };
const hashing = makeWorkQueue({ running: 4, waiting: 1_000 });

let server: TestServer;
let client: SecondFactorClient;
let widened: TestServer;
let widenedClient: SecondFactorClient;

beforeAll(async () => {
  server = await startTestServer({ settings, hashing });
  client = secondFactorClient(server);
  widened = await startTestServer({ settings: { ...settings, totpWindow: 1 }, hashing });
  widenedClient = secondFactorClient(widened);
});
afterAll(async () => {
  await server.close();
  await widened.close();
});

function inParallel<Value>(act: (index: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: PARALLEL }, (_, index) => act(index)));
}

describe('a one-time password', () => {
  it('is right once', async () => {
    const account = await client.givenGuarded();
    const totp = await client.totp(account.seed);

    const first = await client.logIn(account, { totp });
    const second = await client.logIn(account, { totp });

    expect(first.statusCode).toBe(200);
    expect(second.json<Problem>().code).toBe('invalid-credentials');
  });

  it(`is right once of ${PARALLEL} parallel tries`, async () => {
    for (let round = 0; round < 3; round += 1) {
      const account = await client.givenGuarded();
      const totp = await client.totp(account.seed);

      const answers = await inParallel(() => client.logIn(account, { totp }));

      expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
      expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(PARALLEL - 1);
    }
  });

  it('that confirmed the second factor is used up by that', async () => {
    const { authKey, bearer, ...account } = await client.givenSession();
    const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);
    const totp = await client.totp(seedOf(setup.json<{ secret: string }>().secret));
    await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);

    expect((await client.logIn({ authKey, ...account }, { totp })).statusCode).toBe(401);
  });

  it(`confirms once of ${PARALLEL} parallel tries, with ten codes and no more`, async () => {
    const { authKey, bearer, accountId } = await client.givenSession();
    const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);
    const totp = await client.totp(seedOf(setup.json<{ secret: string }>().secret));

    const answers = await inParallel(() => client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer));

    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(await countCodes(accountId)).toBe(10);
  });

  it.for([-2, -1, 1, 2])('of %i steps from now is wrong', async (stepsAway) => {
    const account = await client.givenGuarded();

    const answer = await client.logIn(account, { totp: await client.totp(account.seed, stepsAway) });

    expect(answer.statusCode).toBe(401);
  });

  it.for([
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ] as const)('of %i steps from now is %i with TOTP_WINDOW=1', async ([stepsAway, status]) => {
    const account = await widenedClient.givenGuarded();

    const answer = await widenedClient.logIn(account, {
      totp: await widenedClient.totp(account.seed, stepsAway),
    });

    expect(answer.statusCode).toBe(status);
  });

  it('of a step before one that was used is wrong, also with TOTP_WINDOW=1', async () => {
    const account = await widenedClient.givenGuarded();
    const earlier = await widenedClient.totp(account.seed, -1);
    await widenedClient.logIn(account, { totp: await widenedClient.totp(account.seed) });

    expect((await widenedClient.logIn(account, { totp: earlier })).statusCode).toBe(401);
  });
});

describe('a recovery code', () => {
  it('is right once, however it is typed', async () => {
    const account = await client.givenGuarded();
    const [first = '', second = ''] = account.recoveryCodes;
    const typed = ` ${first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`;

    expect((await client.logIn(account, { recoveryCode: typed })).statusCode).toBe(200);
    expect((await client.logIn(account, { recoveryCode: first })).statusCode).toBe(401);
    expect((await client.logIn(account, { recoveryCode: second })).statusCode).toBe(200);
    expect(await countCodes(account.accountId)).toBe(8);
  });

  it(`is right once of ${PARALLEL} parallel tries`, async () => {
    const account = await client.givenGuarded();
    const [recoveryCode] = account.recoveryCodes;

    const answers = await inParallel(() => client.logIn(account, { recoveryCode }));

    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(await countCodes(account.accountId)).toBe(9);
  });

  it('is worth nothing after the codes were renewed, and the new ones are', async () => {
    const account = await client.givenGuarded();

    const renewed = await renew(account);

    const { recoveryCodes } = renewed.json<{ recoveryCodes: string[] }>();
    expect((await client.logIn(account, { recoveryCode: account.recoveryCodes[0] })).statusCode).toBe(401);
    expect((await client.logIn(account, { recoveryCode: recoveryCodes[0] })).statusCode).toBe(200);
  });

  it(`is one of ten after ${PARALLEL} parallel renewals`, async () => {
    const account = await client.givenGuarded();

    const answers = await inParallel(() => renew(account));

    expect(answers.every(({ statusCode }) => statusCode === 200)).toBe(true);
    expect(await countCodes(account.accountId)).toBe(10);
  });

  it('is not made for an account without a second factor', async () => {
    const account = await client.givenSession();

    const response = await renew(account);

    expect(response.json<Problem>()).toMatchObject({ status: 409, code: 'second-factor-inactive' });
  });
});

function renew({ authKey, bearer }: Pick<GuardedAccount, 'authKey' | 'bearer'>) {
  return client.post(`${SECOND_FACTOR}/recovery-codes`, { authKey }, bearer);
}

async function countCodes(accountId: string): Promise<number> {
  const rows = await server.db
    .selectFrom('recovery_codes')
    .select('code_hash')
    .where('user_id', '=', accountId)
    .execute();
  return rows.length;
}
