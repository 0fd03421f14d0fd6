/**
 * @file Rules of a vault-key rotation: what may be staged, and when the staged set takes the place of the
 * present one. The server cannot tell whether a staged entry is what it replaces; the manifest tells clients.
 */
import { type Sealed, STAGING_HOURS, type StagedEntry, type Vault, type Wrap } from '@zkvault/contract';
import type { Tx } from '../../db/schema.ts';
import { transact } from '../../db/transact.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { advanceAccountState } from '../users/account-state-service.ts';
import { advanceVault } from './commit-store.ts';
import {
  countPresent,
  countStaged,
  countUnstaged,
  deleteAbandonedRotations,
  dropTombstones,
  endOtherRotations,
  endRotation,
  forgetAllVersions,
  type Rotation,
  switchEntries,
  touchRotation,
  writeStagedEntries,
} from './rotation-store.ts';
import { getVault, recordVault, type VaultsDeps, wrapColumns } from './service.ts';
import {
  deleteApiKeyWraps,
  insertManifests,
  type LockedVault,
  lockVault,
  replaceWrap,
  type VaultRef,
} from './store.ts';

/**
 * Stages entries for the next vault key. Another rotation's are forgotten first.
 *
 * @param batch untrusted, of the contract's form.
 * @returns how many entries are staged now.
 * @throws {ServiceError} `vault-not-found`; `request-invalid` for an id that occurs twice; `conflict` if the
 *   epoch is not the next one, or an entry is not there at that version.
 */
export async function stageEntries(
  { db }: Pick<VaultsDeps, 'db'>,
  ref: VaultRef,
  batch: Rotation & { readonly entries: readonly StagedEntry[] },
): Promise<number> {
  assertDistinctIds(batch.entries);
  return db.transaction().execute(async (tx) => {
    const vault = await lockVault(tx, ref);
    if (vault === undefined) throw new ServiceError('vault-not-found');
    if (batch.vkEpoch !== vault.vk_epoch + 1) throw new ServiceError('conflict', { seq: vault.seq });
    if ((await countPresent(tx, vault, batch.entries)) !== batch.entries.length)
      throw new ServiceError('conflict', { seq: vault.seq });
    await endOtherRotations(tx, vault, batch);
    await touchRotation(tx, vault, batch);
    await writeStagedEntries(tx, vault, batch.entries);
    return countStaged(tx, vault);
  });
}

/** What replaces a vault's key. */
export interface Replacement {
  readonly vkEpoch: number;
  readonly wrap: Wrap;
  readonly rotationId?: string | undefined;
  readonly manifest?: Sealed | undefined;
  readonly accountState?: Sealed | undefined;
}

/**
 * Replaces a vault's key, and with a rotation every entry, the manifest and the account state, in one step.
 *
 * @throws {ServiceError} `vault-not-found`; `conflict` if the epoch, the manifest or the account state is not
 *   the next one; `rotation-incomplete` with the vault's seq if an entry is not staged at its present version;
 *   `manifest-required`; `request-invalid` for parts that are too many or too few.
 */
export async function replaceVault(
  { db }: VaultsDeps,
  ref: VaultRef,
  change: Replacement,
  trail: Trail,
): Promise<Vault> {
  return transact(db, async (tx) => {
    // The account first, then the vault: the order of everything that locks both.
    await advanceAccountState(tx, ref.ownerId, change.accountState);
    const vault = await lockVault(tx, ref);
    if (vault === undefined) throw new ServiceError('vault-not-found');
    assertPartsFit(vault, change);
    const { vkEpoch, rotationId, manifest } = change;
    const isNext =
      vkEpoch === vault.vk_epoch + 1 && (manifest === undefined || manifest.seq === vault.seq + 1);
    if (!isNext) throw new ServiceError('conflict', { seq: vault.seq });
    const puts =
      rotationId === undefined ? 0 : await replaceEntries(tx, vault, { rotationId, vkEpoch }, manifest);
    await replaceWrap(tx, vault, { vk_epoch: vkEpoch, ...wrapColumns(change.wrap) });
    await deleteApiKeyWraps(tx, vault);
    await recordVault(tx, trail, ref, { action: 'vault-replaced', details: { puts } });
    return getVault(tx, ref);
  });
}

/** Forgets what was staged and never finished. @returns how many rotations. */
export function removeAbandonedRotations({ db }: Pick<VaultsDeps, 'db'>): Promise<number> {
  return deleteAbandonedRotations(db, STAGING_HOURS);
}

/** @returns how many entries were replaced. */
async function replaceEntries(
  tx: Tx,
  vault: LockedVault,
  rotation: Rotation,
  manifest: Sealed | undefined,
): Promise<number> {
  if ((await countUnstaged(tx, vault, rotation)) > 0)
    throw new ServiceError('rotation-incomplete', { seq: vault.seq });
  await forgetAllVersions(tx, vault);
  await dropTombstones(tx, vault);
  const replaced = await switchEntries(tx, vault, rotation.vkEpoch);
  // An empty vault moves on too: no two manifests share a revision.
  const head = await advanceVault(tx, vault, Math.max(1, replaced));
  if (manifest !== undefined)
    await insertManifests(tx, [{ vault_id: vault.id, revision: head.revision, ...manifest }]);
  await endRotation(tx, vault);
  return replaced;
}

/** What the contract's form alone cannot say of a replacement. */
function assertPartsFit(vault: LockedVault, { rotationId, manifest }: Replacement): void {
  if (vault.integrity === 'none') {
    if (manifest !== undefined) throw requestFault('/body/manifest', 'unexpected');
    return;
  }
  if (manifest === undefined) throw new ServiceError('manifest-required');
  if (rotationId === undefined) throw requestFault('/body/rotationId', 'required');
}

function assertDistinctIds(entries: readonly StagedEntry[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of entries.entries()) {
    if (seen.has(id)) throw requestFault(`/body/entries/${index}/id`, 'duplicate');
    seen.add(id);
  }
}
