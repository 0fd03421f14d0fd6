/**
 * @file Gives the key material again to a session that proves the key: as much proof as a login asks, so a
 * stolen token alone gets nothing (docs/adr/0018-what-an-account-changes.md).
 */
import type { KeyMaterial } from '@zkvault/contract';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import type { SessionActor } from '../sessions/service.ts';
import { findUser, lockUser, toKeyMaterial } from '../users/service.ts';
import { listOwnVaults } from '../vaults/service.ts';
import { proveCurrentKey } from './key-proof.ts';
import type { AuthDeps } from './service.ts';

/**
 * The key material of the caller's account.
 *
 * @param proof.authKey the present one, 32 bytes; untrusted.
 * @throws {ServiceError} `current-key-wrong`, also while the login is locked or if it was changed meanwhile;
 *   `invalid-token` if the account has gone; `overloaded`.
 */
export async function readKeyMaterial(
  deps: AuthDeps,
  actor: SessionActor,
  proof: { readonly authKey: Uint8Array; readonly addressPrefix: string; readonly trail: Trail },
): Promise<KeyMaterial> {
  const action = 'key-material';
  const proven = await findUser(deps.db, actor.userId);
  if (proven === undefined) throw new ServiceError('invalid-token');
  await proveCurrentKey(deps, proven, { ...proof, action });
  const material = await deps.db.transaction().execute(async (tx) => {
    // Shared: what is read is of one moment, and of the key that was proven.
    const user = await lockUser(tx, proven.id);
    if (user?.is_active !== true) throw new ServiceError('invalid-token');
    if (user.credential_version !== proven.credential_version) throw new ServiceError('current-key-wrong');
    const vaults = await listOwnVaults(tx, user.id, { withWraps: true });
    await proof.trail.record(tx, { action, outcome: 'success', subject: { userId: user.id } });
    return { accountId: user.id, ...toKeyMaterial(user), vaults };
  });
  const { addressPrefix } = proof;
  const { login, id: userId } = proven;
  deps.events.authentication({ action, outcome: 'success', login, userId, addressPrefix });
  return material;
}
