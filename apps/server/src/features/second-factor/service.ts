/**
 * @file The second factor as a login meets it. It is access control and nothing more: no key of a vault
 * depends on it (docs/adr/0013-second-factor.md).
 * [Note: Locks of the second factor] The user's row is locked before the factor's, always.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Db, SecondFactorRow, UserRow } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import { makeOneTimePassword, TOTP_STEP_SECONDS } from '../../lib/one-time-password.ts';
import { makeSealerAtRest, type SealerAtRest } from '../../lib/sealed-at-rest.ts';
import { makeRecoveryCodes, type RecoveryCodes } from './recovery-codes.ts';
import { findSecondFactor, useRecoveryCode, useStep } from './store.ts';

/** A second factor as somebody gave it; untrusted. */
export type OfferedFactor = { readonly totp: string } | { readonly recoveryCode: string };

/** What second factors rest on. */
export interface SecondFactors {
  readonly sealer: SealerAtRest;
  readonly recoveryCodes: RecoveryCodes;
  /** How many steps before and after the present one are accepted. */
  readonly totpWindow: number;
}

/** Makes what second factors rest on. */
export function makeSecondFactors(
  keyRing: KeyRing,
  settings: { readonly totpWindow: number },
): SecondFactors {
  return {
    sealer: makeSealerAtRest(keyRing, 'totp-seed'),
    recoveryCodes: makeRecoveryCodes(keyRing),
    totpWindow: settings.totpWindow,
  };
}

/**
 * Checks a second factor and uses it up: no one-time password and no recovery code is right twice.
 *
 * @returns `not-asked` for an account without one, `missing` if none is given, else whether it is right.
 */
export async function useSecondFactor(
  factors: SecondFactors,
  db: Db,
  user: Pick<UserRow, 'id' | 'asks_second_factor'>,
  offered: OfferedFactor | undefined,
): Promise<'not-asked' | 'missing' | 'right' | 'wrong'> {
  if (!user.asks_second_factor) return 'not-asked';
  if (offered === undefined) return 'missing';
  const isRight =
    'totp' in offered
      ? await useOneTimePassword(factors, db, user.id, offered.totp)
      : await useRecoveryCode(db, user.id, factors.recoveryCodes.hashesOf(user.id, offered.recoveryCode));
  return isRight ? 'right' : 'wrong';
}

/** Checks a one-time password of the account's seed, confirmed or not, and uses its step up. */
export async function useOneTimePassword(
  { sealer, totpWindow }: SecondFactors,
  db: Db,
  userId: string,
  totp: string,
): Promise<boolean> {
  const factor = await findSecondFactor(db, userId, TOTP_STEP_SECONDS);
  if (factor === undefined) return false;
  const seed = sealer.open(userId, toSealed(factor));
  const step = findStep(seed, totp, factor.current_step, totpWindow);
  const resealed = sealer.isOutdated(toSealed(factor)) ? sealer.seal(userId, seed) : undefined;
  seed.fill(0);
  return step !== undefined && (await useStep(db, factor, step, resealed));
}

function toSealed(factor: SecondFactorRow) {
  return { keyId: factor.key_id, sealed: factor.sealed_seed };
}

/** The step whose password this is; every step of the window is computed, whichever it is. */
function findStep(seed: Uint8Array, totp: string, current: number, window: number): number | undefined {
  const offered = Buffer.from(totp, 'utf8');
  let found: number | undefined;
  for (let step = current - window; step <= current + window; step += 1) {
    const expected = Buffer.from(makeOneTimePassword(seed, step), 'utf8');
    if (expected.length === offered.length && timingSafeEqual(expected, offered)) found = step;
  }
  return found;
}
