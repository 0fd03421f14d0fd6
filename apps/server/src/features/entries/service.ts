/**
 * @file Rules of the plain surface: entries of the caller's default vault, one at a time.
 * Every write is a commit of one operation, through the same function as the commit surface.
 */

import type { EntryEnvelope } from '@zkvault/contract';
import type { Db, Tx } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { makeUuid7 } from '../../lib/uuid.ts';
import type { Audit, Trail } from '../audit/service.ts';
import { lockDefaultVault, writeCommit } from '../vaults/service.ts';
import {
  type EntryRef,
  findEntry,
  hasDefaultVault,
  listEntriesAfter,
  type PresentEntryRow,
} from './store.ts';

/** What the plain surface needs. */
export interface EntriesDeps {
  readonly db: Db;
  readonly audit: Audit;
}

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
  { db }: EntriesDeps,
  ownerId: string,
  wish: EntryEnvelope & { readonly id?: string | undefined },
  trail: Trail,
): Promise<PresentEntryRow> {
  const { ciphertext, iv, tag } = wish;
  const entryId = wish.id ?? makeUuid7();
  return db.transaction().execute(async (tx) => {
    const put = { version: 1, envelope: { ciphertext, iv, tag } };
    const entry = await putEntry(tx, { ownerId, entryId }, put, trail);
    if (entry !== undefined) return entry;
    throw new ServiceError((await hasDefaultVault(tx, ownerId)) ? 'conflict' : 'vault-not-found');
  });
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
  ownerId: string,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<{ readonly items: readonly PresentEntryRow[]; readonly nextAfter: string | undefined }> {
  const items = await listEntriesAfter(db, ownerId, {
    after: page.after ?? BEFORE_ALL_IDS,
    limit: page.limit,
    maxCharacters: MAX_PAGE_CHARACTERS,
  });
  const last = items.at(-1);
  if (last === undefined && !(await hasDefaultVault(db, ownerId))) throw new ServiceError('vault-not-found');
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
 * Replaces an entry's envelope, if it still has the version the caller read.
 *
 * @throws {ServiceError} `entry-not-found`; `version-stale` with the present version.
 */
export async function replaceEntry(
  { db }: EntriesDeps,
  ref: EntryRef,
  change: { readonly version: number; readonly envelope: EntryEnvelope },
  trail: Trail,
): Promise<PresentEntryRow> {
  return db.transaction().execute(async (tx) => {
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
  ref: EntryRef,
  change: { readonly version: number },
  trail: Trail,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const vault = await lockDefaultVault(tx, ref.ownerId);
    const deletion = { op: 'delete', id: ref.entryId, version: change.version + 1 } as const;
    const commit = vault && { baseSeq: vault.seq, operations: [deletion] };
    const head = vault && commit && (await writeCommit(tx, vault, commit, trail));
    if (head === undefined) await refuseStale(tx, ref);
  });
}

/** Undefined if there is no default vault, or the version is not the one that may follow. */
async function putEntry(
  tx: Tx,
  ref: EntryRef,
  { version, envelope }: { readonly version: number; readonly envelope: EntryEnvelope },
  trail: Trail,
): Promise<PresentEntryRow | undefined> {
  const vault = await lockDefaultVault(tx, ref.ownerId);
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
