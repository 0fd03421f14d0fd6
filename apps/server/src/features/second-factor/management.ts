/** @file Setting a second factor up, confirming it, renewing its recovery codes, and doing without again. */
import { randomBytes } from 'node:crypto';
import type { Db, Tx, UserRow } from '../../db/schema.ts';
import { encodeBase32 } from '../../lib/base32.ts';
import { TOTP_DIGITS, TOTP_STEP_SECONDS } from '../../lib/one-time-password.ts';
import type { AuthenticationEvent, SecurityEvents } from '../../lib/security-events.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Audit, Trail } from '../audit/service.ts';
import { findUser, lockUser, setAsksSecondFactor } from '../users/service.ts';
import { type SecondFactors, useOneTimePassword } from './service.ts';
import {
  insertRecoveryCodes,
  lockSecondFactor,
  removeRecoveryCodes,
  removeSecondFactor,
  replaceSeed,
} from './store.ts';

/** RFC 4226 section 4 recommends 160 bits; authenticator apps expect them. */
const SEED_BYTES = 20;
const ISSUER = 'zkvault';

type Action = Extract<AuthenticationEvent['action'], `second-factor-${string}`>;

/** A key offered as the present one. */
interface OfferedKey {
  /** 32 bytes. */
  readonly authKey: Uint8Array;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/** What the management of second factors needs. */
export interface SecondFactorDeps {
  readonly db: Db;
  readonly events: SecurityEvents;
  readonly secondFactors: SecondFactors;
  readonly audit: Audit;
  /**
   * Checks the present key of an account, as a rekey does.
   *
   * @throws {ServiceError} `current-key-wrong`; `overloaded`.
   */
  readonly proveKey: (user: UserRow, offered: OfferedKey & { readonly action: Action }) => Promise<void>;
}

/** Who asks, and the proof that the account is theirs. */
export interface SecondFactorRequest extends OfferedKey {
  readonly userId: string;
}

/** A new seed, as an authenticator app takes it. It is shown once. */
export interface SecondFactorSetup {
  /** Base32, 32 characters. */
  readonly secret: string;
  readonly otpauthUrl: string;
}

/**
 * Makes a seed that waits for its first one-time password, in place of one that waits already.
 *
 * @throws {ServiceError} `second-factor-active`: the account asks for one; it has to be disabled first.
 */
export async function setUpSecondFactor(
  deps: SecondFactorDeps,
  request: SecondFactorRequest,
): Promise<SecondFactorSetup> {
  const user = await prove(deps, request, 'second-factor-setup');
  const seed = randomBytes(SEED_BYTES);
  await deps.db.transaction().execute(async (tx) => {
    // Shared: a confirmation under way ends first, and then this one sees it.
    const current = await lockUser(tx, user.id);
    if (current === undefined) throw new ServiceError('invalid-token');
    if (current.asks_second_factor) throw new ServiceError('second-factor-active');
    await replaceSeed(tx, user.id, deps.secondFactors.sealer.seal(user.id, seed));
    await record(tx, request, 'second-factor-setup');
  });
  note(deps, user, request, 'second-factor-setup');
  const secret = encodeBase32(seed);
  seed.fill(0);
  return { secret, otpauthUrl: otpauthUrlOf(user.login, secret) };
}

/** https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
function otpauthUrlOf(login: string, secret: string): string {
  const label = `${ISSUER}:${encodeURIComponent(login)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${ISSUER}&algorithm=SHA1&digits=${TOTP_DIGITS}&period=${TOTP_STEP_SECONDS}`;
}

/**
 * Confirms the seed that waits with a one-time password of it. From now on every login needs a second factor.
 *
 * @returns the recovery codes, which are shown once.
 * @throws {ServiceError} `second-factor-wrong`; `second-factor-active`: there is one already.
 */
export async function verifySecondFactor(
  deps: SecondFactorDeps,
  request: SecondFactorRequest & { readonly totp: string },
): Promise<readonly string[]> {
  const user = await prove(deps, request, 'second-factor-verify');
  const { codes, kept } = deps.secondFactors.recoveryCodes.make(user.id);
  await deps.db.transaction().execute(async (tx) => {
    if (!(await setAsksSecondFactor(tx, user.id, true))) throw new ServiceError('second-factor-active');
    if (!(await useOneTimePassword(deps.secondFactors, tx, user.id, request.totp)))
      throw new ServiceError('second-factor-wrong');
    await insertRecoveryCodes(tx, user.id, kept);
    await record(tx, request, 'second-factor-verify');
  });
  note(deps, user, request, 'second-factor-verify');
  return codes;
}

/**
 * Replaces the recovery codes; the former ones are worth nothing then.
 *
 * @throws {ServiceError} `second-factor-inactive`: the account has no second factor.
 */
export async function renewRecoveryCodes(
  deps: SecondFactorDeps,
  request: SecondFactorRequest,
): Promise<readonly string[]> {
  const user = await prove(deps, request, 'second-factor-recovery-codes');
  const { codes, kept } = deps.secondFactors.recoveryCodes.make(user.id);
  await deps.db.transaction().execute(async (tx) => {
    const current = await lockUser(tx, user.id);
    if (current?.asks_second_factor !== true) throw new ServiceError('second-factor-inactive');
    await lockSecondFactor(tx, user.id);
    await removeRecoveryCodes(tx, user.id);
    await insertRecoveryCodes(tx, user.id, kept);
    await record(tx, request, 'second-factor-recovery-codes');
  });
  note(deps, user, request, 'second-factor-recovery-codes');
  return codes;
}

/** Does without a second factor again, also without one that was only set up. Idempotent. */
export async function disableSecondFactor(
  deps: SecondFactorDeps,
  request: SecondFactorRequest,
): Promise<void> {
  const user = await prove(deps, request, 'second-factor-disable');
  await deps.db.transaction().execute(async (tx) => {
    await setAsksSecondFactor(tx, user.id, false);
    await removeSecondFactor(tx, user.id);
    await removeRecoveryCodes(tx, user.id);
    await record(tx, request, 'second-factor-disable');
  });
  note(deps, user, request, 'second-factor-disable');
}

async function prove(deps: SecondFactorDeps, request: SecondFactorRequest, action: Action): Promise<UserRow> {
  const user = await findUser(deps.db, request.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  const { authKey, addressPrefix, trail } = request;
  await deps.proveKey(user, { authKey, addressPrefix, trail, action });
  return user;
}

function note(deps: SecondFactorDeps, user: UserRow, { addressPrefix }: OfferedKey, action: Action): void {
  deps.events.authentication({
    action,
    outcome: 'success',
    login: user.login,
    userId: user.id,
    addressPrefix,
  });
}

function record(tx: Tx, { userId, trail }: SecondFactorRequest, action: Action): Promise<void> {
  return trail.record(tx, { action, outcome: 'success', subject: { userId } });
}
