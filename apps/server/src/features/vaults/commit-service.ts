/**
 * @file The one way to write entries, under the commit surface and the plain surface alike.
 * It decides what may follow what; it never looks into an envelope.
 */
import { type DeleteOperation, ENTRY_HISTORY_LIMIT, type PutOperation, type Sealed } from '@zkvault/contract';
import type { Tx } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import {
  advanceVault,
  buryEntries,
  type CommittedHead,
  type DeletionRow,
  forgetVersions,
  keepManifest,
  keepVersions,
  type PutRow,
  pruneVersions,
  writeEntries,
} from './commit-store.ts';
import type { LockedVault } from './store.ts';

/** One write of a commit. */
export type Operation = PutOperation | DeleteOperation;

/** What a caller wishes to write, and on top of what. */
export interface Commit {
  readonly baseSeq: number;
  readonly operations: readonly Operation[];
  readonly manifest?: Sealed | undefined;
}

/**
 * Writes to a locked vault, all or nothing.
 *
 * The commit is recorded here, last, so that no way of writing entries goes unlogged.
 *
 * Operation i takes revision `vault.revision + i + 1`, so a page of changes may end between any two.
 *
 * @returns the new head; undefined if the commit does not follow what is there: another baseSeq, another
 *   vault-key epoch, a version that is not the next one, or the id of a deleted entry. Some of it may be
 *   written then, and the transaction must fail.
 * @throws {ServiceError} `request-invalid` if an id occurs twice, or for a manifest that does not belong
 *   there; `manifest-required`.
 */
export async function writeCommit(
  tx: Tx,
  vault: LockedVault,
  commit: Commit,
  trail: Trail,
): Promise<CommittedHead | undefined> {
  assertDistinctIds(commit.operations);
  assertManifestFits(vault, commit);
  if (commit.baseSeq !== vault.seq || commit.operations.some(({ version }) => version > MAX_VERSION))
    return undefined;
  const { puts, deletions } = rowsOf(vault, commit.operations);
  if (puts.some(({ vkEpoch }) => vkEpoch !== vault.vk_epoch)) return undefined;

  const head = await advanceVault(tx, vault, commit.operations.length);
  const written = await putEntries(tx, vault, puts, head.committedAt);
  if (!(await deleteEntries(tx, vault, deletions, head.committedAt))) return undefined;
  if (commit.manifest !== undefined)
    await keepManifest(tx, vault, { ...commit.manifest, revision: head.revision });
  await trail.record(tx, {
    action: 'commit',
    outcome: 'success',
    subject: { userId: vault.owner_id },
    resource: { type: 'vault', id: vault.id },
    details: { puts: puts.length, deletions: deletions.length, seq: head.seq },
  });
  // The writing travelled with the lock of the audit log, and its answer is there by now.
  return (await written()) === puts.length ? head : undefined;
}

/** As far as the column counts; no version follows it. */
const MAX_VERSION = 2_147_483_647;

function rowsOf(vault: LockedVault, operations: readonly Operation[]) {
  const puts: (PutOperation & PutRow)[] = [];
  const deletions: DeletionRow[] = [];
  for (const [index, operation] of operations.entries()) {
    const row = { ...operation, revision: vault.revision + index + 1 };
    if (row.op === 'put') puts.push(row);
    else deletions.push(row);
  }
  return { puts, deletions };
}

function assertDistinctIds(operations: readonly Operation[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of operations.entries()) {
    if (seen.has(id)) throw requestFault(`/body/operations/${index}/id`, 'duplicate');
    seen.add(id);
  }
}

function assertManifestFits(vault: LockedVault, { baseSeq, manifest }: Commit): void {
  if (vault.integrity === 'none') {
    if (manifest !== undefined) throw requestFault('/body/manifest', 'unexpected');
    return;
  }
  if (manifest === undefined) throw new ServiceError('manifest-required');
  if (manifest.seq !== baseSeq + 1) throw requestFault('/body/manifest/seq', 'not-next');
}

/** @returns says how many were written: fewer than given if one of them does not follow what is there. */
async function putEntries(
  tx: Tx,
  vault: LockedVault,
  puts: readonly PutRow[],
  committedAt: Date,
): Promise<() => Promise<number>> {
  if (puts.length === 0) return async () => 0;
  const replaced = puts.filter(({ version }) => version > 1).map(({ id }) => id);
  if (replaced.length > 0) await keepVersions(tx, vault, replaced);
  const cuts = puts
    .map(({ id, version }) => ({ id, upTo: version - ENTRY_HISTORY_LIMIT }))
    .filter(({ upTo }) => upTo > 0);
  if (cuts.length > 0) await pruneVersions(tx, vault, cuts);
  return writeEntries(tx, vault, puts, committedAt);
}

/** @returns false if one of them does not follow what is there. */
async function deleteEntries(
  tx: Tx,
  vault: LockedVault,
  deletions: readonly DeletionRow[],
  committedAt: Date,
): Promise<boolean> {
  if (deletions.length === 0) return true;
  if ((await buryEntries(tx, vault, deletions, committedAt)) !== deletions.length) return false;
  const ids = deletions.map(({ id }) => id);
  await forgetVersions(tx, vault, ids);
  return true;
}
