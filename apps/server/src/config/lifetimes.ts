/** @file How long tokens and locks last, and what a verifier costs. */
import type { Argon2idCost } from '../lib/argon2id.ts';
import type { EnvironmentReader } from '../lib/environment.ts';
import * as parse from '../lib/parse-setting.ts';

/** How long tokens and locks last. */
export interface LifetimeSettings {
  readonly accessTokenTtlSeconds: number;
  readonly refreshTokenTtlSeconds: number;
  /** How long a session lasts from its login, however often it is refreshed. */
  readonly sessionTtlSeconds: number;
  readonly maxFailedLogins: number;
  readonly lockoutMinutes: number;
  /** How many steps before and after the present one a one-time password may be of: 0, or 1. */
  readonly totpWindow: number;
  /** What Argon2id over an authKey costs the server; never below OWASP's minimum. */
  readonly verifierCost: Argon2idCost;
}

const MINUTE = 60;
const DAY = 86_400;

/** Reads them; what is wrong is noted with the reader. */
export function readLifetimes(env: EnvironmentReader): LifetimeSettings {
  return {
    accessTokenTtlSeconds: env.read(
      {
        name: 'ACCESS_TOKEN_EXPIRES_IN',
        alias: { name: 'ACCESS_TOKEN_EXPIRE_MINUTES', unit: 'm' },
        wish: 'must be a duration such as 15m (s, m, h or d), from 10s to 1d',
        parse: parse.durationBetween(10, DAY),
      },
      15 * MINUTE,
    ),
    refreshTokenTtlSeconds: env.read(
      {
        name: 'REFRESH_TOKEN_EXPIRES_IN',
        alias: { name: 'REFRESH_TOKEN_EXPIRE_DAYS', unit: 'd' },
        wish: 'must be a duration such as 7d (s, m, h or d), from 1m to 365d',
        parse: parse.durationBetween(MINUTE, 365 * DAY),
      },
      7 * DAY,
    ),
    sessionTtlSeconds: env.read(
      {
        name: 'SESSION_EXPIRES_IN',
        wish: 'must be a duration such as 90d (s, m, h or d), from 1m to 3650d',
        parse: parse.durationBetween(MINUTE, 3_650 * DAY),
      },
      90 * DAY,
    ),
    maxFailedLogins: env.read(
      {
        name: 'MAX_FAILED_LOGINS',
        alias: { name: 'MAX_LOGIN_ATTEMPTS' },
        wish: 'must be a number from 1 to 100',
        parse: parse.integerBetween(1, 100),
      },
      5,
    ),
    totpWindow: env.read(
      { name: 'TOTP_WINDOW', wish: 'must be 0 or 1', parse: parse.integerBetween(0, 1) },
      0,
    ),
    lockoutMinutes: env.read(
      {
        name: 'LOCKOUT_MINUTES',
        alias: { name: 'ACCOUNT_LOCKOUT_MINUTES' },
        wish: 'must be a number from 1 to 1440',
        parse: parse.integerBetween(1, 1_440),
      },
      15,
    ),
    verifierCost: readVerifierCost(env),
  };
}

/** OWASP's minimum for Argon2id is the default, and no setting goes below it. */
function readVerifierCost(env: EnvironmentReader): Argon2idCost {
  const read = (name: string, minimum: number, maximum: number): number =>
    env.read(
      {
        name,
        wish: `must be a number from ${minimum} to ${maximum}`,
        parse: parse.integerBetween(minimum, maximum),
      },
      minimum,
    );
  return {
    memoryKib: read('ARGON2_MEMORY_COST', 19_456, 1_048_576),
    iterations: read('ARGON2_TIME_COST', 2, 64),
    parallelism: read('ARGON2_PARALLELISM', 1, 16),
    hashBytes: read('ARGON2_HASH_LENGTH', 32, 64),
    saltBytes: read('ARGON2_SALT_LENGTH', 16, 64),
  };
}
