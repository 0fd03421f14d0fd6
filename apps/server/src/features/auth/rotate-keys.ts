/** @file Rotating the account key: every wrap of it and under it in one transaction, or nothing. */
import type { NewRecovery, Sealed, Wrap } from '@zkvault/contract';
import type { Tx, UserRow } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { endOtherSessions, type SessionActor } from '../sessions/service.ts';
import { findUser, replaceAccountKey } from '../users/service.ts';
import { lockWrappedVaults, replaceWraps } from '../vaults/service.ts';
import { proveCurrentKey } from './key-proof.ts';
import { prepareRecoveryKey } from './recovery-keys.ts';
import { type NewRecoveryKeyRow, removeRecoveryKey, replaceRecoveryKey } from './recovery-store.ts';
import type { AuthDeps } from './service.ts';

/** A rotation as it was asked for; untrusted, of the contract's form. */
export interface Rotation {
  /** The present one, 32 bytes; it stays. */
  readonly authKey: Uint8Array;
  readonly akEpoch: number;
  readonly wrap: Wrap;
  readonly accountState: Sealed;
  readonly ifSeq: number;
  readonly vaults: readonly { readonly id: string; readonly wrap: Wrap }[];
  readonly recovery: NewRecovery | null;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/**
 * Replaces the account key of the caller's account.
 *
 * @returns the seq of the account state now.
 * @throws {ServiceError} `current-key-wrong`, also while the login is locked; `conflict` with the present seq if
 *   the account has changed since `ifSeq`; `request-invalid` if the parts do not belong together, among them
 *   vaults too many or too few; `invalid-token` if the account has gone meanwhile; `overloaded`.
 */
export async function rotateAccountKey(
  deps: AuthDeps,
  actor: SessionActor,
  rotation: Rotation,
): Promise<{ readonly seq: number }> {
  const { authKey, addressPrefix, trail, accountState, ifSeq, recovery } = rotation;
  const user = await findUser(deps.db, actor.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  if (user.state_seq === null || user.ak_epoch === null) throw requestFault('/body/akEpoch', 'unexpected');
  if (accountState.seq !== ifSeq + 1) throw requestFault('/body/accountState/seq', 'range');
  await proveCurrentKey(deps, user, { authKey, addressPrefix, trail, action: 'rotate-keys' });
  if (user.state_seq !== ifSeq) throw new ServiceError('conflict', { seq: user.state_seq });
  if (rotation.akEpoch <= user.ak_epoch) throw requestFault('/body/akEpoch', 'range');
  const recoveryKey = recovery === null ? undefined : await prepareRecoveryKey(deps, user.id, recovery);
  if (!(await write(deps, actor, { user, rotation, recoveryKey }))) {
    const current = await findUser(deps.db, user.id);
    throw new ServiceError('conflict', current?.state_seq == null ? {} : { seq: current.state_seq });
  }
  const { login, id: userId } = user;
  deps.events.authentication({ action: 'rotate-keys', outcome: 'success', login, userId, addressPrefix });
  return { seq: accountState.seq };
}

/** @returns false if the account has changed since `user` was read. */
async function write(
  { db }: AuthDeps,
  actor: SessionActor,
  {
    user,
    rotation,
    recoveryKey,
  }: {
    readonly user: UserRow;
    readonly rotation: Rotation;
    readonly recoveryKey: NewRecoveryKeyRow | undefined;
  },
): Promise<boolean> {
  const { akEpoch, wrap, accountState: state, vaults, trail } = rotation;
  return db.transaction().execute(async (tx) => {
    // The account first, then its vaults: the order of everything that locks both.
    if (!(await replaceAccountKey(tx, user, { akEpoch, wrap, state }))) return false;
    await assertExactly(tx, user.id, vaults);
    await replaceWraps(
      tx,
      user.id,
      vaults.map((vault) => ({ id: vault.id, ...vault.wrap })),
    );
    if (recoveryKey === undefined) await removeRecoveryKey(tx, user.id);
    else await replaceRecoveryKey(tx, recoveryKey);
    const ended = await endOtherSessions(tx, actor);
    const subject = { userId: user.id };
    await trail.record(tx, { action: 'keys-rotated', outcome: 'success', subject, details: { ended } });
    return true;
  });
}

/** A vault left out would be lost with the key that its own key lies under. */
async function assertExactly(tx: Tx, ownerId: string, vaults: Rotation['vaults']): Promise<void> {
  const present = (await lockWrappedVaults(tx, ownerId)).map(({ id }) => id);
  const given = new Set(vaults.map(({ id }) => id));
  if (given.size !== vaults.length) throw requestFault('/body/vaults', 'duplicate');
  if (present.length !== given.size || !present.every((id) => given.has(id)))
    throw requestFault('/body/vaults', 'not-exact');
}
