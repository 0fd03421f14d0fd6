/**
 * Guessing at the second factor: whoever has the key has a million one-time passwords before them. Wrong ones
 * count as wrong keys do, and neither a right key nor a login that stops at the second factor clears the count:
 * otherwise each five guesses would be followed by one such login, without end.
 */
import type { Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { someBytes } from '../../../test/auth-client.ts';
import {
  type GuardedAccount,
  type SecondFactorClient,
  secondFactorClient,
} from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { makeWorkQueue } from '../../lib/work-queue.ts';

let server: TestServer;
let client: SecondFactorClient;

beforeAll(async () => {
  server = await startTestServer({
    settings: { trustProxy: 1 },
    hashing: makeWorkQueue({ running: 2, waiting: 1_000 }),
  });
  client = secondFactorClient(server);
});
afterAll(() => server.close());

/** A wrong one-time password: that of a step long gone. */
async function guess(account: GuardedAccount, address = '192.0.2.1'): Promise<string> {
  const totp = await client.totp(account.seed, -1_000);
  const answer = await client.logIn(account, { totp }, { 'x-forwarded-for': address });
  return answer.json<Problem>().code;
}

async function rightLogin(account: GuardedAccount): Promise<number> {
  const totp = await client.totp(account.seed);
  return (await client.logIn(account, { totp }, { 'x-forwarded-for': '192.0.2.1' })).statusCode;
}

async function loginWithout(account: GuardedAccount): Promise<string> {
  const answer = await client.logIn(account, undefined, { 'x-forwarded-for': '192.0.2.1' });
  return answer.json<Problem>().code;
}

describe('guessing at the second factor', () => {
  it('ends after five attempts, for the right one too', async () => {
    const four = await client.givenGuarded();
    const five = await client.givenGuarded();
    for (let attempt = 0; attempt < 4; attempt += 1) await guess(four);
    for (let attempt = 0; attempt < 5; attempt += 1) await guess(five);

    expect(await rightLogin(four)).toBe(200);
    expect(await rightLogin(five)).toBe(401);
  });

  it('is not made free by logins that stop before it', async () => {
    const account = await client.givenGuarded();
    const codes: string[] = [];

    for (let attempt = 0; attempt < 5; attempt += 1)
      codes.push(await loginWithout(account), await guess(account));

    expect(codes.filter((code) => code === 'second-factor-required')).toHaveLength(5);
    expect(await loginWithout(account)).toBe('invalid-credentials');
    expect(await rightLogin(account)).toBe(401);
  });

  it('counts together with guessing at the key', async () => {
    const account = await client.givenGuarded();
    for (let attempt = 0; attempt < 3; attempt += 1)
      await client.logIn({ ...account, authKey: someBytes(32) }, undefined, {
        'x-forwarded-for': '192.0.2.1',
      });
    await guess(account);
    await guess(account);

    expect(await rightLogin(account)).toBe(401);
  });

  it('in parallel is looked at five times and no more', async () => {
    const account = await client.givenGuarded();
    const before = server.logLines.length;

    await Promise.all(Array.from({ length: 100 }, () => guess(account)));

    const looked = server.logLines
      .slice(before)
      .filter((line) => line.includes('"reason":"second-factor-wrong"'));
    expect(looked).toHaveLength(5);
    expect(await rightLogin(account)).toBe(401);
  });

  it('from many networks rests the login after fifty attempts', async () => {
    const account = await client.givenGuarded();
    for (let network = 0; network < 10; network += 1)
      for (let attempt = 0; attempt < 5; attempt += 1) await guess(account, `10.0.${network}.1`);

    expect(await rightLogin(account)).toBe(401);
  });
});

describe('an owner', () => {
  it('may stop before the second factor as often as they like', async () => {
    const account = await client.givenGuarded();
    for (let attempt = 0; attempt < 12; attempt += 1)
      expect(await loginWithout(account)).toBe('second-factor-required');

    expect(await rightLogin(account)).toBe(200);
  });

  it('may stop there in parallel too', async () => {
    const account = await client.givenGuarded();

    const codes = await Promise.all(Array.from({ length: 10 }, () => loginWithout(account)));

    expect(new Set(codes)).toEqual(new Set(['second-factor-required']));
    expect(await rightLogin(account)).toBe(200);
  });

  it('is asked for the second factor with MAX_FAILED_LOGINS=1 as well, and comes in with it', async () => {
    const strict = await startTestServer({ settings: { maxFailedLogins: 1 } });
    const strictClient = secondFactorClient(strict);
    const account = await strictClient.givenGuarded();

    const without = await strictClient.logIn(account);
    const withOne = await strictClient.logIn(account, { totp: await strictClient.totp(account.seed) });
    await strict.close();

    expect(without.json<Problem>().code).toBe('second-factor-required');
    expect(withOne.statusCode).toBe(200);
  });
});
