/** @file An account with a second factor for tests, and the one-time passwords its owner's app would show. */
import type { LightMyRequestResponse } from 'fastify';
import { sql } from 'kysely';
import { makeOneTimePassword, TOTP_STEP_SECONDS } from '../src/lib/one-time-password.ts';
import { type AuthClient, authClient, type Credentials } from './auth-client.ts';
import type { TestServer } from './test-server.ts';

/** Where the second factor lives. */
export const SECOND_FACTOR = '/api/v1/auth/2fa';
const LOGIN = '/api/v1/auth/login';

/** An account whose every login needs a second factor, and a session of it. */
export interface GuardedAccount extends Credentials {
  readonly secret: string;
  readonly seed: Uint8Array;
  readonly otpauthUrl: string;
  readonly recoveryCodes: readonly string[];
  readonly bearer: { readonly authorization: string };
}

/** Requests around second factors. */
export interface SecondFactorClient extends AuthClient {
  /** The one-time password of the present step, or of one so many steps from it; there is time to use it. */
  totp(seed: Uint8Array, stepsAway?: number): Promise<string>;
  /** Makes the account forget which steps it has used. */
  forgetSteps(accountId: string): Promise<void>;
  /** Registers an account and logs in. */
  givenSession(): Promise<Credentials & { readonly bearer: { readonly authorization: string } }>;
  /** Does the same, and sets a second factor up and confirms it; its first step can be used again. */
  givenGuarded(): Promise<GuardedAccount>;
  /** Logs in, with a second factor or without. */
  logIn(
    of: Credentials,
    secondFactor?: object,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
}

/** The seed that a base32 secret stands for. */
export function seedOf(secret: string): Uint8Array {
  const bits = [...secret].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  return Uint8Array.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Makes a client of a server under test. */
export function secondFactorClient(server: TestServer): SecondFactorClient {
  const client = authClient(server.app);

  /** A step near its end could be over when the request arrives, so the next one is waited for. */
  async function presentStep(): Promise<number> {
    for (;;) {
      const { rows } = await sql<{ seconds: number }>`
        select extract(epoch from clock_timestamp())::float8 as seconds`.execute(server.db);
      const seconds = rows[0]?.seconds ?? 0;
      const leftSeconds = TOTP_STEP_SECONDS - (seconds % TOTP_STEP_SECONDS);
      if (leftSeconds > 5) return Math.floor(seconds / TOTP_STEP_SECONDS);
      await new Promise((resolve) => setTimeout(resolve, leftSeconds * 1_000 + 50));
    }
  }

  const guarded: SecondFactorClient = {
    ...client,
    totp: async (seed, stepsAway = 0) => makeOneTimePassword(seed, (await presentStep()) + stepsAway),
    async forgetSteps(accountId) {
      await server.db
        .updateTable('second_factors')
        .set({ last_step: null })
        .where('user_id', '=', accountId)
        .execute();
    },
    async givenSession() {
      const account = await client.givenAccount();
      const { accessToken } = await client.givenLogin(account);
      return { ...account, bearer: { authorization: `Bearer ${accessToken}` } };
    },
    async givenGuarded() {
      const account = await guarded.givenSession();
      const { authKey, bearer } = account;
      const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey }, bearer);
      const { secret, otpauthUrl } = setup.json<{ secret: string; otpauthUrl: string }>();
      const seed = seedOf(secret);
      const totp = await guarded.totp(seed);
      const verified = await client.post(`${SECOND_FACTOR}/verify`, { authKey, totp }, bearer);
      if (verified.statusCode !== 200) throw new Error(`not confirmed: ${verified.body}`);
      await guarded.forgetSteps(account.accountId);
      const { recoveryCodes } = verified.json<{ recoveryCodes: string[] }>();
      return { ...account, secret, seed, otpauthUrl, recoveryCodes };
    },
    logIn: (of, secondFactor, headers) =>
      client.post(LOGIN, client.loginBody(of, secondFactor === undefined ? {} : { secondFactor }), headers),
  };
  return guarded;
}
