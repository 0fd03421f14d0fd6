/** @file What authentication rests on, and the two answers that need no account: policy and prelogin. */
import { createHmac } from 'node:crypto';
import { type AuthPolicy, canonicalLogin, DEFAULT_KDF_PROFILE, type KdfProfile } from '@zkvault/contract';
import type { KeyRing } from '../../lib/key-ring.ts';
import type { WorkQueue } from '../../lib/work-queue.ts';
import type { SecondFactors } from '../second-factor/service.ts';
import type { SessionsDeps } from '../sessions/service.ts';
import type { Settings } from '../settings/service.ts';
import { findUserByLogin, type KeyMaterial } from '../users/service.ts';
import type { Lockout } from './lockout.ts';
import { removeOldRecoveries } from './recovery-store.ts';
import { removeOldAttempts } from './store.ts';
import type { Verifiers } from './verifier.ts';

/** What authentication needs. */
export interface AuthDeps extends SessionsDeps {
  readonly keyRing: KeyRing;
  readonly verifiers: Verifiers;
  /** Bounds the hashes; see [Note: Bounded hashing] in lib/work-queue.ts. */
  readonly hashing: WorkQueue;
  readonly lockout: Lockout;
  readonly secondFactors: SecondFactors;
  readonly settings: Settings;
  /** Canonical login of the first administrator, if the configuration names one. */
  readonly adminLogin: string | undefined;
}

/** What the server advises for new passwords (it never sees one), and who may register. */
export async function authPolicy({ db, settings }: Pick<AuthDeps, 'db' | 'settings'>): Promise<AuthPolicy> {
  const { password, registration } = await settings.read(db);
  return { password, kdfProfile: DEFAULT_KDF_PROFILE, registration };
}

/**
 * The login that an account would have: canonical, or as typed where there is no canonical form. The
 * latter belongs to nobody, and everything is done with it as with any other unknown login.
 */
export function loginOrNobodys(text: string): string {
  return canonicalLogin(text) ?? text;
}

const SALT_BYTES = 16;

/**
 * The salt and KDF profile of a login. An unknown login gets the default profile and a salt that is the
 * same every time, after the same query: nothing tells it from a known one (docs/protocol.md section 13).
 *
 * @param text untrusted.
 */
export async function prelogin(
  deps: Pick<AuthDeps, 'db' | 'keyRing'>,
  text: string,
): Promise<Pick<KeyMaterial, 'profile' | 'salt'>> {
  const login = loginOrNobodys(text);
  const user = await findUserByLogin(deps.db, login);
  const falseSalt = makeFalseSalt(deps.keyRing, login);
  return user === undefined
    ? { profile: DEFAULT_KDF_PROFILE, salt: falseSalt }
    : { profile: user.kdf_profile as KdfProfile, salt: user.kdf_salt };
}

function makeFalseSalt(keyRing: KeyRing, login: string): string {
  const mac = createHmac('sha256', keyRing.oldest('enumeration').bytes)
    .update(`zkv/1/fake-salt${login}`, 'utf8')
    .digest();
  return mac.subarray(0, SALT_BYTES).toString('base64url');
}

/** Removes recoveries that nobody ended in time. @returns how many. */
export function removeExpiredRecoveries(deps: Pick<AuthDeps, 'db'>): Promise<number> {
  return removeOldRecoveries(deps.db);
}

/** Removes counters of failed logins that no longer matter. @returns how many. */
export function removeExpiredAttempts(deps: Pick<AuthDeps, 'db'>, lockoutMinutes: number): Promise<number> {
  return removeOldAttempts(deps.db, lockoutMinutes);
}
