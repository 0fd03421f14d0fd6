import type { LoginAnswer, Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { someBytes } from '../../../test/auth-client.ts';
import {
  SECOND_FACTOR,
  type SecondFactorClient,
  secondFactorClient,
  seedOf,
} from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

const CODE = /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/;

let server: TestServer;
let client: SecondFactorClient;

beforeAll(async () => {
  server = await startTestServer();
  client = secondFactorClient(server);
});
afterAll(() => server.close());

function codeOf(response: LightMyRequestResponse): string {
  return response.json<Problem>().code;
}

function disable(authKey: string, headers: { readonly authorization: string }) {
  return server.send({ method: 'DELETE', url: SECOND_FACTOR, payload: { authKey }, headers });
}

describe('setup', () => {
  it('gives 20 random bytes in base32 and a URL that authenticator apps read', async () => {
    const { authKey, bearer, login } = await client.givenSession();

    const response = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);

    const { secret, otpauthUrl } = response.json<{ secret: string; otpauthUrl: string }>();
    expect(seedOf(secret)).toHaveLength(20);
    const url = new URL(otpauthUrl);
    expect([url.protocol, url.host, url.pathname]).toEqual(['otpauth:', 'totp', `/zkvault:${login}`]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      secret,
      issuer: 'zkvault',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it('changes nothing for logins until it is confirmed', async () => {
    const account = await client.givenSession();
    await client.post(`${SECOND_FACTOR}/setup`, { authKey: account.authKey }, account.bearer);

    const { user } = await client.givenLogin(account);

    expect(user.secondFactor).toBe(false);
  });

  it('takes the place of one that waits', async () => {
    const { authKey, bearer } = await client.givenSession();
    const setUp = () => client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);
    const first = (await setUp()).json<{ secret: string }>();
    const second = (await setUp()).json<{ secret: string }>();
    const verify = async (secret: string) => {
      const totp = await client.totp(seedOf(secret));
      return client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);
    };

    expect(codeOf(await verify(first.secret))).toBe('second-factor-wrong');
    expect((await verify(second.secret)).statusCode).toBe(200);
  });

  it('is refused while a second factor is in use, which stays as it is', async () => {
    const account = await client.givenGuarded();

    const response = await client.post(
      `${SECOND_FACTOR}/setup`,
      { authKey: account.authKey },
      account.bearer,
    );

    expect(response.json<Problem>()).toMatchObject({ status: 409, code: 'second-factor-active' });
    expect((await client.logIn(account, { totp: await client.totp(account.seed) })).statusCode).toBe(200);
  });
});

describe('verification', () => {
  it('gives ten different recovery codes of 80 bits', async () => {
    const { recoveryCodes } = await client.givenGuarded();

    expect(recoveryCodes.every((code) => CODE.test(code))).toBe(true);
    expect(new Set(recoveryCodes).size).toBe(10);
  });

  it('with a wrong password activates nothing', async () => {
    const account = await client.givenSession();
    const { authKey, bearer } = account;
    const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);
    const right = await client.totp(seedOf(setup.json<{ secret: string }>().secret));
    const wrong = `${(Number(right) + 1) % 1_000_000}`.padStart(6, '0');

    const response = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp: wrong }, bearer);

    expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'second-factor-wrong' });
    expect((await client.logIn(account)).statusCode).toBe(200);
  });

  it('without a setup is as wrong as any', async () => {
    const { authKey, bearer } = await client.givenSession();

    const response = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp: '123456' }, bearer);

    expect(codeOf(response)).toBe('second-factor-wrong');
  });

  it('happens once', async () => {
    const { authKey, bearer, seed } = await client.givenGuarded();
    const totp = await client.totp(seed);

    const response = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);

    expect(response.json<Problem>()).toMatchObject({ status: 409, code: 'second-factor-active' });
  });

  it.for(['12345', '1234567', '12345a', ' 123456', '１２３４５６'])(
    'refuses "%s", which has not the form',
    async (totp) => {
      const { authKey, bearer } = await client.givenSession();

      const response = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);

      expect(response.statusCode).toBe(422);
    },
  );
});

describe('a login', () => {
  it('of a guarded account without a second factor is told so and given nothing', async () => {
    const account = await client.givenGuarded();

    const response = await client.logIn(account);

    expect(response.json()).toEqual({
      type: 'urn:zkvault:problem:second-factor-required',
      title: 'The account asks for a second factor.',
      status: 401,
      code: 'second-factor-required',
      requestId: expect.any(String) as string,
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    const sessions = await server.db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', account.accountId)
      .execute();
    expect(sessions).toHaveLength(1);
  });

  it('with the present password is as any other', async () => {
    const account = await client.givenGuarded();

    const response = await client.logIn(account, { totp: await client.totp(account.seed) });

    const { user, salt } = response.json<LoginAnswer>();
    expect([response.statusCode, user.secondFactor, salt]).toEqual([200, true, account.salt]);
  });

  it('with a wrong key is never told that there is a second factor', async () => {
    const account = await client.givenGuarded();
    const wrong = { ...account, authKey: someBytes(32) };

    const without = await client.logIn(wrong);
    const withOne = await client.logIn(wrong, { totp: await client.totp(account.seed) });

    expect([codeOf(without), codeOf(withOne)]).toEqual(['invalid-credentials', 'invalid-credentials']);
    expect((await client.logIn(account, { totp: await client.totp(account.seed) })).statusCode).toBe(200);
  });

  it('with a wrong second factor is answered as with a wrong key, but for the request id', async () => {
    const account = await client.givenGuarded();
    const strip = (response: LightMyRequestResponse) => ({ ...response.json<Problem>(), requestId: '' });

    const wrongKey = await client.logIn({ ...account, authKey: someBytes(32) });
    const wrongTotp = await client.logIn(account, { totp: await client.totp(account.seed, 7) });
    const wrongCode = await client.logIn(account, { recoveryCode: '0000-0000-0000-0000' });

    expect(strip(wrongTotp)).toEqual(strip(wrongKey));
    expect(strip(wrongCode)).toEqual(strip(wrongKey));
    expect(wrongTotp.headers['content-length']).toBe(wrongKey.headers['content-length']);
  });

  it('of an account without one may bring one', async () => {
    const account = await client.givenAccount();

    expect((await client.logIn(account, { totp: '000000' })).statusCode).toBe(200);
  });

  it.for([
    {},
    { totp: '123456', recoveryCode: '0000-0000-0000-0000' },
    { totp: 123_456 },
    { totp: '12345' },
    { recoveryCode: 'x'.repeat(15) },
    { recoveryCode: 'x'.repeat(41) },
    { sms: '123456' },
  ])('refuses %o, which has not the form', async (secondFactor) => {
    const account = await client.givenAccount();

    expect((await client.logIn(account, secondFactor)).statusCode).toBe(422);
  });
});

describe('the end of a second factor', () => {
  it('lets the key alone log in again, and another one be set up', async () => {
    const account = await client.givenGuarded();

    const response = await disable(account.authKey, account.bearer);

    expect([response.statusCode, response.body]).toEqual([204, '']);
    expect((await client.givenLogin(account)).user.secondFactor).toBe(false);
    for (const table of ['second_factors', 'recovery_codes'] as const)
      expect(
        await server.db.selectFrom(table).selectAll().where('user_id', '=', account.accountId).execute(),
      ).toEqual([]);
    const again = await client.post(`${SECOND_FACTOR}/setup`, { authKey: account.authKey }, account.bearer);
    expect(again.statusCode).toBe(200);
  });

  it('is idempotent, and also drops a setup', async () => {
    const { authKey, bearer } = await client.givenSession();
    const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);

    expect((await disable(authKey, bearer)).statusCode).toBe(204);
    expect((await disable(authKey, bearer)).statusCode).toBe(204);

    const totp = await client.totp(seedOf(setup.json<{ secret: string }>().secret));
    const verified = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);
    expect(codeOf(verified)).toBe('second-factor-wrong');
  });
});

describe('a stolen access token', () => {
  it.for([
    ['POST', '/setup', {}],
    ['POST', '/verify', { totp: '123456' }],
    ['POST', '/recovery-codes', {}],
    ['DELETE', '', {}],
  ] as const)('reaches %s %s with the key only, and is no way to guess it', async ([method, path, more]) => {
    const account = await client.givenGuarded();
    const ask = (authKey: string) =>
      server.send({
        method,
        url: `${SECOND_FACTOR}${path}`,
        payload: { authKey, ...more },
        headers: account.bearer,
      });

    for (let guess = 0; guess < 5; guess += 1)
      expect((await ask(someBytes(32))).json<Problem>()).toMatchObject({
        status: 400,
        code: 'current-key-wrong',
      });

    expect(codeOf(await ask(account.authKey))).toBe('current-key-wrong');
    expect((await server.send({ method, url: `${SECOND_FACTOR}${path}`, payload: {} })).statusCode).toBe(401);
  });
});

it('of two accounts are two: neither the password nor the codes of one open the other', async () => {
  const ada = await client.givenGuarded();
  const eve = await client.givenGuarded();

  const byTotp = await client.logIn(ada, { totp: await client.totp(eve.seed) });
  const byCode = await client.logIn(ada, { recoveryCode: eve.recoveryCodes[0] });

  expect([codeOf(byTotp), codeOf(byCode)]).toEqual(['invalid-credentials', 'invalid-credentials']);
});
