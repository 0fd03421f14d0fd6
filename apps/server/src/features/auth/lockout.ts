/**
 * @file Lockout: so many failed attempts, then a pause.
 * [Note: Lockout] Attempts are counted before they are looked at, and success clears the count. They are
 * counted under the login and the caller's network (`/24`, `/48`) first: a guesser locks out himself, not
 * the owner. Only what passes there is counted under the login alone, at ten times the limit, against
 * guessers on many networks; past it the login rests for everybody. Logins that do not exist are counted
 * in the same way. Keys are HMACs: the table names nobody.
 * The check runs inside the bounded queue of hashes and clears before it leaves, so of one account's own
 * parallel logins at most four are counted at once on one server.
 */
import type { LockoutSettings } from '@zkvault/contract';
import type { Db } from '../../db/schema.ts';
import { authenticate, type KeyRing } from '../../lib/key-ring.ts';
import { maskLogin } from '../../lib/mask-login.ts';
import type { SecurityEvents } from '../../lib/security-events.ts';
import { countAttempt, forgetAttempts, takeAttemptBack } from './store.ts';

/** How much higher the limit under the login alone is. */
export const LOGIN_ALONE_FACTOR = 10;

/** What is being tried, and from where. */
export interface Attempt {
  /** Canonical, or as typed if it has no canonical form. */
  readonly login: string;
  readonly addressPrefix: string;
}

/** What was decided about an attempt. */
export interface Admission {
  /** True if it may be looked at. */
  readonly admitted: boolean;
  /** True of the one attempt after which, unless it succeeds, no more are looked at. */
  readonly isLast: boolean;
}

/** Counts attempts. */
export interface Lockout {
  /** Counts an attempt. */
  admit(db: Db, attempt: Attempt): Promise<Admission>;
  /**
   * Takes an admitted attempt back that was right as far as it went. It does not forget the others: who has
   * the key alone could otherwise try second factors without end.
   */
  takeBack(db: Db, attempt: Attempt): Promise<void>;
  /** Forgets the attempts after a success. */
  clear(db: Db, attempt: Attempt): Promise<void>;
}

/** Makes the counter of attempts. @param limits as they hold now; asked at every attempt. */
export function makeLockout(keyRing: KeyRing, limits: () => LockoutSettings): Lockout {
  const key = keyRing.oldest('lockout');
  const rules = () => {
    const { maxFailedLogins, minutes } = limits();
    return {
      pairRule: { maxAttempts: maxFailedLogins, minutes },
      loginRule: { maxAttempts: maxFailedLogins * LOGIN_ALONE_FACTOR, minutes },
    };
  };
  const pairKey = (attempt: Attempt): Uint8Array =>
    authenticate(key, 'login and address', attempt.login, attempt.addressPrefix);
  const loginKey = (attempt: Attempt): Uint8Array => authenticate(key, 'login', attempt.login);
  return {
    async admit(db, attempt) {
      const { pairRule, loginRule } = rules();
      const fromHere = await countAttempt(db, pairKey(attempt), pairRule);
      if (fromHere > pairRule.maxAttempts) return { admitted: false, isLast: false };
      const fromAnywhere = await countAttempt(db, loginKey(attempt), loginRule);
      return {
        admitted: fromAnywhere <= loginRule.maxAttempts,
        isLast: fromHere === pairRule.maxAttempts || fromAnywhere === loginRule.maxAttempts,
      };
    },
    async takeBack(db, attempt) {
      const { pairRule, loginRule } = rules();
      await takeAttemptBack(db, pairKey(attempt), pairRule.maxAttempts);
      await takeAttemptBack(db, loginKey(attempt), loginRule.maxAttempts);
    },
    clear: (db, attempt) => forgetAttempts(db, [pairKey(attempt), loginKey(attempt)]),
  };
}

/** Logs that no further attempt at this login is looked at for a while. */
export function reportLockout(events: SecurityEvents, { login, addressPrefix }: Attempt): void {
  events.securityViolation('lockout', { login: maskLogin(login), address_prefix: addressPrefix });
}
