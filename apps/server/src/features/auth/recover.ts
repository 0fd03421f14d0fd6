/**
 * @file Recovery: with the recovery key in place of the password, everything else as at a login. Every refusal
 * is the same answer after the same work, and counts as a failed login (docs/adr/0019-recovery.md).
 */
import { randomBytes } from 'node:crypto';
import { RECOVERY_SECONDS, type RecoveryAnswer } from '@zkvault/contract';
import type { RecoveryKeyRow, Tx, UserRow } from '../../db/schema.ts';
import { authenticate, type KeyRing, type Subkey } from '../../lib/key-ring.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { type OfferedFactor, useSecondFactor } from '../second-factor/service.ts';
import { findUserByLogin, lockUser, toKeyMaterial } from '../users/service.ts';
import { listOwnVaults } from '../vaults/service.ts';
import { toRecoveryWrap } from './recovery-keys.ts';
import { findRecoveryKey, insertRecovery } from './recovery-store.ts';
import { type AuthDeps, loginOrNobodys } from './service.ts';

const TOKEN_BYTES = 32;

/** A recovery as it was asked for; untrusted. */
export interface RecoveryRequest {
  readonly login: string;
  /** 32 bytes. */
  readonly recoveryAuthKey: Uint8Array;
  readonly secondFactor: OfferedFactor | undefined;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/** Under which hashes a recovery's token may be kept: one for each key of the ring. */
export function recoveryTokenHashes(keyRing: KeyRing, token: Uint8Array): readonly Uint8Array[] {
  return keyRing.all('recovery-token').map((key) => hashOf(key, token));
}

function hashOf(key: Subkey, token: Uint8Array): Uint8Array {
  return authenticate(key, 'recovery token', token);
}

/**
 * Begins a recovery.
 *
 * @throws {ServiceError} `invalid-credentials` for a wrong login, a wrong recovery key, a wrong second factor, an
 *   account without a recovery key, a locked and an inactive one alike; `second-factor-required` if nothing but
 *   that is missing; `overloaded` at once if too many are waiting.
 */
export async function beginRecovery(deps: AuthDeps, request: RecoveryRequest): Promise<RecoveryAnswer> {
  const { proven, failure } = await deps.hashing.run(() => prove(deps, request));
  if (failure !== undefined) {
    await recordFailure(deps, request, failure);
    throw new ServiceError(failure.code);
  }
  const answer = await deps.db.transaction().execute((tx) => begin(deps, tx, proven, request));
  if (answer === undefined) throw new ServiceError('invalid-credentials');
  const { login, addressPrefix } = request;
  const userId = answer.accountId;
  deps.events.authentication({ action: 'recover', outcome: 'success', login, userId, addressPrefix });
  return answer;
}

interface Failure {
  readonly user: UserRow | undefined;
  readonly reason: string;
  readonly code: 'invalid-credentials' | 'second-factor-required';
  readonly locksOut: boolean;
}

interface Proven {
  readonly user: UserRow;
  readonly key: RecoveryKeyRow;
}

type Proof =
  | { readonly proven: Proven; readonly failure?: undefined }
  | { readonly proven?: undefined; readonly failure: Failure };

/** With the same statements and one hash whatever the outcome, and after a right key the second factor. */
async function prove(deps: AuthDeps, request: RecoveryRequest): Promise<Proof> {
  const attempt = { login: loginOrNobodys(request.login), addressPrefix: request.addressPrefix };
  const { admitted, isLast } = await deps.lockout.admit(deps.db, attempt);
  const user = await findUserByLogin(deps.db, attempt.login);
  const key = await findRecoveryKey(deps.db, user?.id);
  const candidate = admitted && user?.is_active === true ? user : undefined;
  const stored =
    candidate === undefined || key === undefined
      ? undefined
      : { verifier: key.verifier, verifierKeyId: key.verifier_key_id };
  const right = await deps.verifiers.check(request.recoveryAuthKey, stored);
  const fail = (reason: string): Proof => ({
    failure: { user, reason, code: 'invalid-credentials', locksOut: isLast },
  });
  if (candidate === undefined || key === undefined || !right) return fail(failureReason(admitted, user, key));
  const factor = await useSecondFactor(deps.secondFactors, deps.db, candidate, request.secondFactor);
  if (factor === 'missing') {
    await deps.lockout.takeBack(deps.db, attempt);
    const reason = 'second-factor-missing';
    return { failure: { user, reason, code: 'second-factor-required', locksOut: false } };
  }
  if (factor === 'wrong') return fail('second-factor-wrong');
  await deps.lockout.clear(deps.db, attempt);
  return { proven: { user: candidate, key } };
}

function failureReason(
  admitted: boolean,
  user: UserRow | undefined,
  key: RecoveryKeyRow | undefined,
): string {
  if (!admitted) return 'locked';
  if (user === undefined) return 'unknown-login';
  if (!user.is_active) return 'inactive';
  return key === undefined ? 'no-recovery-key' : 'wrong-recovery-key';
}

/** With the same statements whether the login is known or not. */
async function recordFailure(deps: AuthDeps, request: RecoveryRequest, failure: Failure): Promise<void> {
  const { user, reason, locksOut } = failure;
  const { login, addressPrefix, trail } = request;
  deps.events.authentication({ action: 'recover', outcome: 'failure', login, reason, addressPrefix });
  const subject = user === undefined ? { unknownLogin: loginOrNobodys(login) } : { userId: user.id };
  await deps.db.transaction().execute(async (tx) => {
    await trail.record(tx, { action: 'recover', outcome: 'failure', subject, details: { reason } });
    if (locksOut) await trail.record(tx, { action: 'lockout', outcome: 'success', subject });
  });
}

/** Gives what a recovery needs, unless the account or its recovery key has changed since it was proven. */
async function begin(
  deps: AuthDeps,
  tx: Tx,
  proven: Proven,
  { trail }: RecoveryRequest,
): Promise<RecoveryAnswer | undefined> {
  const user = await lockUser(tx, proven.user.id);
  const key = await findRecoveryKey(tx, proven.user.id);
  if (user?.is_active !== true || user.credential_version !== proven.user.credential_version)
    return undefined;
  if (user.asks_second_factor && !proven.user.asks_second_factor) return undefined;
  if (key === undefined || key.verifier !== proven.key.verifier) return undefined;
  const token = randomBytes(TOKEN_BYTES);
  await insertRecovery(
    tx,
    {
      token_hash: hashOf(deps.keyRing.newest('recovery-token'), token),
      user_id: user.id,
      recovery_id: key.id,
      credential_version: user.credential_version,
      second_factor_proven: proven.user.asks_second_factor,
    },
    RECOVERY_SECONDS,
  );
  const vaults = await listOwnVaults(tx, user.id, { withWraps: true });
  const subject = { userId: user.id };
  await trail.record(tx, { action: 'recover', outcome: 'success', subject, actorId: user.id });
  const { akEpoch, accountState } = toKeyMaterial(user);
  return {
    accountId: user.id,
    recoveryToken: token.toString('base64url'),
    expiresIn: RECOVERY_SECONDS,
    recoveryId: key.id,
    recoveryWrap: toRecoveryWrap(key),
    akEpoch,
    accountState,
    vaults,
  };
}
