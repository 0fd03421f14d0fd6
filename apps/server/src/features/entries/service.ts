/**
 * @file Rules of the plain surface: entries of the caller's default vault, one at a time.
 * Every write is a commit of one operation, through the same function as the commit surface.
 */

import type { EntryEnvelope } from '@zkvault/contract';
import type { SessionClaim } from '../../db/live-session.ts';
import type { Db, Tx } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { makeUuid7 } from '../../lib/uuid.ts';
import type { Audit, Trail } from '../audit/service.ts';
import type { Idempotency } from '../idempotency/service.ts';
import { transactFor } from '../sessions/proof-service.ts';
import { lockDefaultVault, writeCommit } from '../vaults/service.ts';
import {
  type DefaultVaultRef,
  type EntryRef,
  findEntry,
  findEntryOf,
  hasDefaultVault,
  listEntriesAfter,
  type PresentEntryRow,
} from './store.ts';

/** What the plain surface needs. */
export interface EntriesDeps {
  readonly db: Db;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
}

/** An entry, and who claims to ask for it; undefined if that was proven before. */
export type ClaimedEntryRef = EntryRef & { readonly claim: SessionClaim | undefined };

/** The schema number of entries whose format is the caller's own. */
const PLAIN_SCHEMA = 1;

/** Most characters of ciphertext in one page: as much as a commit may bring. */
const MAX_PAGE_CHARACTERS = 8_388_608;

/** Sorts before every id: the contract knows no nil UUID. */
const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';

/**
 * Creates an entry.
 *
 * @param wish.id made here if absent.
 * @throws {ServiceError} `vault-not-found` without a default vault; `conflict` if the id is taken or was.
 */
export async function createEntry(
  tx: Tx,
  ref: DefaultVaultRef,
  wish: EntryEnvelope & { readonly id?: string | undefined },
  trail: Trail,
): Promise<PresentEntryRow> {
  const { ciphertext, iv, tag } = wish;
  const entryId = wish.id ?? makeUuid7();
  const put = { version: 1, envelope: { ciphertext, iv, tag } };
  const entry = await putEntry(tx, { ...ref, entryId }, put, trail);
  if (entry !== undefined) return entry;
  throw new ServiceError((await hasDefaultVault(tx, ref)) ? 'conflict' : 'vault-not-found');
}

/**
 * One page of entries, by id.
 *
 * @param page.after the id after which the page begins.
 * @returns `nextAfter` for the next page; undefined after the last one.
 * @throws {ServiceError} `vault-not-found` without a default vault.
 */
export async function listEntries(
  { db }: EntriesDeps,
  ref: DefaultVaultRef,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly PresentEntryRow[]; readonly nextAfter: string | undefined }> {
  const items = await listEntriesAfter(db, ref, {
    after: page.after ?? BEFORE_ALL_IDS,
    limit: page.limit,
    maxCharacters: MAX_PAGE_CHARACTERS,
  });
  const last = items.at(-1);
  if (last === undefined && !(await hasDefaultVault(db, ref))) throw new ServiceError('vault-not-found');
  return { items, nextAfter: last === undefined || last.is_last ? undefined : last.id };
}

/**
 * Reads an entry.
 *
 * @throws {ServiceError} `entry-not-found`: none, deleted, or another account's.
 */
export async function getEntry({ db }: EntriesDeps, ref: EntryRef): Promise<PresentEntryRow> {
  const entry = await findEntry(db, ref);
  if (entry === undefined) throw new ServiceError('entry-not-found');
  return entry;
}

/**
 * Reads an entry, and proves in the same statement who asks: the claim holds if there is an entry.
 *
 * @throws {ServiceError} as {@link getEntry}, and then whether the claim holds is still unknown.
 */
export async function getEntryOf(
  { db }: EntriesDeps,
  claim: SessionClaim,
  entryId: string,
): Promise<PresentEntryRow> {
  const entry = await findEntryOf(db, claim, entryId);
  if (entry === undefined) throw new ServiceError('entry-not-found');
  return entry;
}

/**
 * Replaces an entry's envelope, if it still has the version the caller read.
 *
 * @throws {ServiceError} `entry-not-found`; `version-stale` with the present version.
 */
export async function replaceEntry(
  { db }: EntriesDeps,
  ref: ClaimedEntryRef,
  change: { readonly version: number; readonly envelope: EntryEnvelope },
  trail: Trail,
): Promise<PresentEntryRow> {
  return transactFor(db, ref.claim, async (tx) => {
    const put = { version: change.version + 1, envelope: change.envelope };
    return (await putEntry(tx, ref, put, trail)) ?? refuseStale(tx, ref);
  });
}

/**
 * Deletes an entry, if it still has the version the caller read.
 *
 * @throws {ServiceError} `entry-not-found`; `version-stale` with the present version.
 */
export async function deleteEntry(
  { db }: EntriesDeps,
  ref: ClaimedEntryRef,
  change: { readonly version: number },
  trail: Trail,
): Promise<void> {
  await transactFor(db, ref.claim, async (tx) => {
    const vault = await lockVaultOf(tx, ref);
    const deletion = { op: 'delete', id: ref.entryId, version: change.version + 1 } as const;
    const commit = vault && { baseSeq: vault.seq, operations: [deletion] };
    const head = vault && commit && (await writeCommit(tx, vault, commit, trail));
    if (head === undefined) await refuseStale(tx, ref);
  });
}

/** Compared under the lock: which vault is the default one may have changed since the request began. */
async function lockVaultOf(tx: Tx, { ownerId, onlyVaultId }: DefaultVaultRef) {
  const vault = await lockDefaultVault(tx, ownerId);
  return onlyVaultId === undefined || vault?.id === onlyVaultId ? vault : undefined;
}

/** Undefined if there is no default vault, or the version is not the one that may follow. */
async function putEntry(
  tx: Tx,
  ref: EntryRef,
  { version, envelope }: { readonly version: number; readonly envelope: EntryEnvelope },
  trail: Trail,
): Promise<PresentEntryRow | undefined> {
  const vault = await lockVaultOf(tx, ref);
  if (vault === undefined) return undefined;
  const vkEpoch = vault.vk_epoch;
  const put = { op: 'put', id: ref.entryId, version, vkEpoch, schema: PLAIN_SCHEMA, ...envelope } as const;
  const head = await writeCommit(tx, vault, { baseSeq: vault.seq, operations: [put] }, trail);
  if (head === undefined) return undefined;
  return {
    id: ref.entryId,
    version,
    vk_epoch: vkEpoch,
    schema: PLAIN_SCHEMA,
    ...envelope,
    revision: head.revision,
    updated_at: head.committedAt,
  };
}

/** Says why a write did not follow what is there; the vault is still locked, so it is still so. */
async function refuseStale(tx: Tx, ref: EntryRef): Promise<never> {
  const entry = await findEntry(tx, ref);
  if (entry === undefined) throw new ServiceError('entry-not-found');
  throw new ServiceError('version-stale', { version: entry.version });
}
