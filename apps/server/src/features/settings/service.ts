/**
 * @file Settings that administrators make while the server runs; what they leave open, its configuration
 * decides.
 * [Note: Settings] Registration is decided by what the database says at that moment. Limits are asked for
 * before anything of a request costs anything, so they are kept in memory and read again once they are a
 * second old: an administrator's change holds at once on the server that was asked, and within a second on
 * the others.
 */
import type { LockoutSettings, PasswordAdvice, ServerSettings, SettingsChange } from '@zkvault/contract';
import type { Insertable } from 'kysely';
import type { Db, ServerSettingsTable } from '../../db/schema.ts';
import { type RateLimits, rateLimitFrom, rateLimitText } from '../../lib/rate-limit/rate-limits.ts';
import { findSettings, type SettingsRow, upsertSettings } from './store.ts';

/** What the configuration says. */
export interface DefaultSettings {
  readonly registration: ServerSettings['registration'];
  readonly lockout: LockoutSettings;
  readonly rateLimits: RateLimits;
}

/** What limits requests and logins. */
export interface Limits {
  readonly lockout: LockoutSettings;
  readonly rateLimits: RateLimits;
}

/** The settings of every server on one database. */
export interface Settings {
  /** As they hold now. @param db a transaction, to decide by what it sees. */
  read(db: Db): Promise<ServerSettings>;
  /** Makes settings. Call {@link Settings.refresh} once the transaction is through. */
  write(db: Db, change: SettingsChange): Promise<void>;
  /** The limits, at most a second old; asks nobody. */
  limits(): Limits;
  /** Reads the limits anew. */
  refresh(): Promise<void>;
}

/** The same as the SDK's default. */
const DEFAULT_ADVICE: PasswordAdvice = { minLength: 12, minScore: 3, requireClasses: false };
const FRESH_MS = 1_000;
const KINDS = [
  'default',
  'session',
  'login',
  'register',
  'refresh',
] as const satisfies readonly (keyof RateLimits)[];

/**
 * Makes the settings.
 *
 * @param now milliseconds of a clock that only goes forward.
 */
export function makeSettings(
  db: Db,
  defaults: DefaultSettings,
  now: () => number = () => performance.now(),
): Settings {
  let limits: Limits = defaults;
  let readAtMs = Number.NEGATIVE_INFINITY;
  const refresh = async (): Promise<void> => {
    readAtMs = now();
    const row = await findSettings(db);
    limits = { lockout: lockoutOf(row, defaults), rateLimits: rateLimitsOf(row, defaults) };
  };
  return {
    async read(handle) {
      const row = await findSettings(handle);
      return {
        registration: row?.registration ?? defaults.registration,
        password: adviceOf(row),
        lockout: lockoutOf(row, defaults),
        rateLimits: textsOf(rateLimitsOf(row, defaults)),
      };
    },
    write: async (handle, change) => {
      const columns = columnsOf(change);
      if (Object.keys(columns).length > 0) await upsertSettings(handle, columns);
    },
    limits() {
      // Without a database the last ones hold; whatever else the request asks of it will say so.
      if (now() - readAtMs >= FRESH_MS) refresh().catch(() => {});
      return limits;
    },
    refresh,
  };
}

/** How long a login rests after failed attempts, for whoever tidies up. @param configured in minutes. */
export async function readLockoutMinutes(db: Db, configured: number): Promise<number> {
  return (await findSettings(db))?.lockout_minutes ?? configured;
}

function adviceOf(row: SettingsRow | undefined): PasswordAdvice {
  if (row?.password_min_length == null) return DEFAULT_ADVICE;
  return {
    minLength: row.password_min_length,
    minScore: row.password_min_score ?? DEFAULT_ADVICE.minScore,
    requireClasses: row.password_require_classes === true,
  };
}

function lockoutOf(row: SettingsRow | undefined, { lockout }: DefaultSettings): LockoutSettings {
  if (row?.max_failed_logins == null || row.lockout_minutes === null) return lockout;
  return { maxFailedLogins: row.max_failed_logins, minutes: row.lockout_minutes };
}

function rateLimitsOf(row: SettingsRow | undefined, { rateLimits }: DefaultSettings): RateLimits {
  const one = (kind: (typeof KINDS)[number]) => {
    const text = row?.[`rate_limit_${kind}`];
    return (text == null ? undefined : rateLimitFrom(text)) ?? rateLimits[kind];
  };
  return {
    default: one('default'),
    session: one('session'),
    apiKey: rateLimits.apiKey,
    login: one('login'),
    register: one('register'),
    refresh: one('refresh'),
  };
}

function textsOf(limits: RateLimits): ServerSettings['rateLimits'] {
  return {
    default: rateLimitText(limits.default),
    session: rateLimitText(limits.session),
    login: rateLimitText(limits.login),
    register: rateLimitText(limits.register),
    refresh: rateLimitText(limits.refresh),
  };
}

/** The columns of what is given; null goes back to the configuration. */
function columnsOf({
  registration,
  password,
  lockout,
  rateLimits,
}: SettingsChange): Insertable<ServerSettingsTable> {
  const limits = KINDS.flatMap((kind) => {
    const text = rateLimits?.[kind];
    return text === undefined ? [] : [[`rate_limit_${kind}`, text] as const];
  });
  return {
    ...(registration === undefined ? {} : { registration }),
    ...(password === undefined
      ? {}
      : {
          password_min_length: password?.minLength ?? null,
          password_min_score: password?.minScore ?? null,
          password_require_classes: password?.requireClasses ?? null,
        }),
    ...(lockout === undefined
      ? {}
      : { max_failed_logins: lockout?.maxFailedLogins ?? null, lockout_minutes: lockout?.minutes ?? null }),
    ...Object.fromEntries(limits),
  };
}
