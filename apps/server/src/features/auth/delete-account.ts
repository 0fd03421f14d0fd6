/** @file Deleting one's own account: one proof, one transaction, and nothing is left. */
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import type { SessionActor } from '../sessions/service.ts';
import { findUser } from '../users/service.ts';
import { lockStandings, removeUser } from '../users/standing-service.ts';
import { proveCurrentKey } from './key-proof.ts';
import type { AuthDeps } from './service.ts';

/**
 * Deletes the caller's account with everything in it.
 *
 * @param proof.authKey the present one, 32 bytes; untrusted.
 * @throws {ServiceError} `current-key-wrong`, also while the login is locked; `last-administrator`;
 *   `invalid-token` if the account has gone meanwhile; `overloaded`.
 */
export async function deleteOwnAccount(
  deps: AuthDeps,
  actor: SessionActor,
  proof: { readonly authKey: Uint8Array; readonly addressPrefix: string; readonly trail: Trail },
): Promise<void> {
  const action = 'delete-account';
  const user = await findUser(deps.db, actor.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  await proveCurrentKey(deps, user, { ...proof, action });
  await deps.db.transaction().execute(async (tx) => {
    const standings = await lockStandings(tx, [user.id]);
    const present = standings.of(user.id);
    if (present === undefined) throw new ServiceError('invalid-token');
    if (present.credential_version !== user.credential_version) throw new ServiceError('current-key-wrong');
    await removeUser(tx, standings, user.id);
    const subject = { userId: user.id };
    await proof.trail.record(tx, { action: 'account-deleted', outcome: 'success', subject });
  });
  const { addressPrefix } = proof;
  deps.events.authentication({
    action,
    outcome: 'success',
    login: user.login,
    userId: user.id,
    addressPrefix,
  });
}
