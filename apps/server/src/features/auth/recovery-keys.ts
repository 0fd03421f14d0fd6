/**
 * @file The recovery key of an account, as far as the server may know it: a verifier of its proof, and the
 * account key under it. The wrap leaves only in the answer to a recovery.
 */
import type { NewRecovery, Sealed, Wrap } from '@zkvault/contract';
import type { Db, RecoveryKeyRow, Tx, UserRow } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { advanceAccountState } from '../users/account-state-service.ts';
import { findUser, lockUser } from '../users/service.ts';
import { proveCurrentKey } from './key-proof.ts';
import {
  findRecoveryKey,
  type NewRecoveryKeyRow,
  removeRecoveryKey,
  replaceRecoveryKey,
} from './recovery-store.ts';
import type { AuthDeps } from './service.ts';

/** Who asks to change the recovery key, and the proof that the account is theirs. */
export interface RecoveryChange {
  readonly userId: string;
  /** The present one, 32 bytes; untrusted. */
  readonly authKey: Uint8Array;
  readonly accountState: Sealed | undefined;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/** The recovery key of an account without anything of it. */
export async function getRecoveryStatus(
  db: Db,
  userId: string,
): Promise<{ readonly id: string; readonly createdAt: string } | null> {
  const key = await findRecoveryKey(db, userId);
  return key === undefined ? null : { id: key.id, createdAt: key.created_at.toISOString() };
}

/**
 * Makes what is kept of a new recovery key. It takes a hash's time, so it is done before the transaction.
 *
 * @throws {ServiceError} `overloaded`.
 */
export async function prepareRecoveryKey(
  deps: Pick<AuthDeps, 'hashing' | 'verifiers'>,
  userId: string,
  { id, authKey, wrap }: NewRecovery,
): Promise<NewRecoveryKeyRow> {
  const bytes = new Uint8Array(Buffer.from(authKey, 'base64url'));
  const verifier = await deps.hashing.run(() => deps.verifiers.make(bytes));
  return {
    user_id: userId,
    id,
    verifier: verifier.verifier,
    verifier_key_id: verifier.verifierKeyId,
    wrap_ciphertext: wrap.ciphertext,
    wrap_iv: wrap.iv,
    wrap_tag: wrap.tag,
  };
}

/** The account key under the recovery key. */
export function toRecoveryWrap(row: RecoveryKeyRow): Wrap {
  return { ciphertext: row.wrap_ciphertext, iv: row.wrap_iv, tag: row.wrap_tag };
}

/**
 * Enrols a recovery key in place of the one before, together with the account state that names it.
 *
 * @throws {ServiceError} `current-key-wrong`; `conflict` with the present seq if the account state is not the
 *   next one; `request-invalid` for an account state too many or too few; `invalid-token`; `overloaded`.
 */
export async function enrolRecovery(
  deps: AuthDeps,
  change: RecoveryChange,
  recovery: NewRecovery,
): Promise<void> {
  const user = await prove(deps, change, 'recovery-enrol');
  const key = await prepareRecoveryKey(deps, user.id, recovery);
  await write(deps, change, user, async (tx) => {
    await replaceRecoveryKey(tx, key);
    return 'recovery-enrolled';
  });
  note(deps, user, change, 'recovery-enrol');
}

/** Removes the recovery key. Idempotent but for the account state. @throws as {@link enrolRecovery}. */
export async function removeRecovery(deps: AuthDeps, change: RecoveryChange): Promise<void> {
  const user = await prove(deps, change, 'recovery-remove');
  await write(deps, change, user, async (tx) => {
    await removeRecoveryKey(tx, user.id);
    return 'recovery-removed';
  });
  note(deps, user, change, 'recovery-remove');
}

type Action = 'recovery-enrol' | 'recovery-remove';

async function prove(deps: AuthDeps, change: RecoveryChange, action: Action): Promise<UserRow> {
  const user = await findUser(deps.db, change.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  const { authKey, addressPrefix, trail } = change;
  await proveCurrentKey(deps, user, { authKey, addressPrefix, trail, action });
  return user;
}

async function write(
  deps: AuthDeps,
  { accountState, trail }: RecoveryChange,
  user: UserRow,
  act: (tx: Tx) => Promise<'recovery-enrolled' | 'recovery-removed'>,
): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    await advanceAccountState(tx, user.id, accountState);
    const present = await lockUser(tx, user.id);
    if (present?.is_active !== true) throw new ServiceError('invalid-token');
    if (present.credential_version !== user.credential_version) throw new ServiceError('current-key-wrong');
    const action = await act(tx);
    await trail.record(tx, { action, outcome: 'success', subject: { userId: user.id } });
  });
}

function note({ events }: AuthDeps, user: UserRow, change: RecoveryChange, action: Action): void {
  const { addressPrefix } = change;
  events.authentication({ action, outcome: 'success', login: user.login, userId: user.id, addressPrefix });
}
