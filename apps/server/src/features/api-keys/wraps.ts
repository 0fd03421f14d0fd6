/** @file Which wraps an API key must bring: those of the vaults it is for, of their present keys, and no other. */
import type { ApiKeyWrap } from '@zkvault/contract';
import type { Tx } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import { shareVaults } from '../vaults/service.ts';

/**
 * Refuses wraps that are not those of the vaults a key is for. The vaults cannot be deleted before the
 * transaction ends.
 *
 * @param scope.vaultId null for all vaults of the owner.
 * @param wraps untrusted, of the contract's form.
 * @throws {ServiceError} `vault-not-found`; `conflict` for a wrap of another epoch; `request-invalid`.
 */
export async function assertWrapsFit(
  tx: Tx,
  scope: { readonly ownerId: string; readonly vaultId: string | null },
  wraps: readonly ApiKeyWrap[],
): Promise<void> {
  const { ownerId, vaultId } = scope;
  const own = await shareVaults(tx, ownerId);
  const covered = vaultId === null ? own : own.filter(({ id }) => id === vaultId);
  if (vaultId !== null && covered.length === 0) throw new ServiceError('vault-not-found');
  const given = new Set<string>();
  for (const [index, wrap] of wraps.entries()) {
    const vault = covered.find(({ id }) => id === wrap.vaultId);
    if (vault === undefined) throw requestFault(`/body/wraps/${index}/vaultId`, 'unexpected');
    if (given.has(vault.id)) throw requestFault(`/body/wraps/${index}/vaultId`, 'duplicate');
    if (wrap.vkEpoch !== vault.vk_epoch) throw new ServiceError('conflict');
    given.add(vault.id);
  }
  if (covered.some(({ id, integrity }) => integrity === 'manifest' && !given.has(id)))
    throw requestFault('/body/wraps', 'required');
}
