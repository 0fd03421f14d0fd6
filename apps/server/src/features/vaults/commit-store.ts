/**
 * @file SQL of a commit: a handful of statements, however many operations there are.
 *
 * Every function takes a locked vault, so what one of them reads the next one may rely on.
 */
import { sql } from 'kysely';
import type { Tx } from '../../db/schema.ts';
import type { LockedVault } from './store.ts';

/** What is there under an id: an entry, or the tombstone of one. */
export interface EntryState {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

/** An entry's new state. */
export interface PutRow {
  readonly id: string;
  readonly version: number;
  readonly schema: number;
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
  readonly revision: number;
}

/** An entry's end. */
export interface DeletionRow {
  readonly id: string;
  readonly version: number;
  readonly revision: number;
}

/** A vault's counters after a commit, and the time of the commit. */
export interface CommittedHead {
  readonly revision: number;
  readonly seq: number;
  /** By the database's clock, read under the lock: it follows the order of the commits. */
  readonly committedAt: Date;
}

/** The states under these ids; an id that was never used has none. */
export function findEntryStates(tx: Tx, vault: LockedVault, ids: readonly string[]): Promise<EntryState[]> {
  return tx
    .selectFrom('entries')
    .select(['id', 'version', 'deleted'])
    .where('vault_id', '=', vault.id)
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
}

/** Counts one commit of `operationCount` operations. */
export function advanceVault(tx: Tx, vault: LockedVault, operationCount: number): Promise<CommittedHead> {
  return tx
    .updateTable('vaults')
    .set((vaults) => ({
      revision: vaults('revision', '+', operationCount),
      seq: vaults('seq', '+', 1),
    }))
    .where('id', '=', vault.id)
    .returning(['revision', 'seq', sql<Date>`statement_timestamp()::timestamptz(3)`.as('committedAt')])
    .executeTakeFirstOrThrow();
}

/** Copies the present states of these entries to the history, before they are replaced. */
export async function keepVersions(tx: Tx, vault: LockedVault, ids: readonly string[]): Promise<void> {
  await sql`
    insert into entry_versions (vault_id, entry_id, version, vk_epoch, schema, ciphertext, iv, tag, updated_at)
    select vault_id, id, version, vk_epoch, schema, ciphertext, iv, tag, updated_at
    from entries
    where vault_id = ${vault.id} and id = any(${ids}::uuid[])`.execute(tx);
}

/** Removes each entry's history up to and including a version. */
export async function pruneVersions(
  tx: Tx,
  vault: LockedVault,
  cuts: readonly { readonly id: string; readonly upTo: number }[],
): Promise<void> {
  await sql`
    delete from entry_versions
    using unnest(${cuts.map(({ id }) => id)}::uuid[], ${cuts.map(({ upTo }) => upTo)}::int[]) as cut (id, up_to)
    where vault_id = ${vault.id} and entry_id = cut.id and version <= cut.up_to`.execute(tx);
}

/** Inserts or replaces entries. */
export async function writeEntries(
  tx: Tx,
  vault: LockedVault,
  puts: readonly PutRow[],
  committedAt: Date,
): Promise<void> {
  await sql`
    insert into entries
      (vault_id, id, version, vk_epoch, schema, deleted, ciphertext, iv, tag, revision, updated_at)
    select ${vault.id}::uuid, id, version, ${vault.vk_epoch}::int, schema, false, ciphertext, iv, tag, revision,
      ${committedAt}::timestamptz
    from unnest(
      ${puts.map(({ id }) => id)}::uuid[],
      ${puts.map(({ version }) => version)}::int[],
      ${puts.map(({ schema }) => schema)}::smallint[],
      ${puts.map(({ ciphertext }) => ciphertext)}::text[],
      ${puts.map(({ iv }) => iv)}::text[],
      ${puts.map(({ tag }) => tag)}::text[],
      ${puts.map(({ revision }) => revision)}::bigint[]
    ) as put (id, version, schema, ciphertext, iv, tag, revision)
    on conflict (vault_id, id) do update set
      version = excluded.version,
      vk_epoch = excluded.vk_epoch,
      schema = excluded.schema,
      ciphertext = excluded.ciphertext,
      iv = excluded.iv,
      tag = excluded.tag,
      revision = excluded.revision,
      updated_at = excluded.updated_at`.execute(tx);
}

/** Makes tombstones of entries that are there. */
export async function buryEntries(
  tx: Tx,
  vault: LockedVault,
  deletions: readonly DeletionRow[],
  committedAt: Date,
): Promise<void> {
  await sql`
    update entries set
      version = deletion.version,
      deleted = true,
      ciphertext = null,
      iv = null,
      tag = null,
      revision = deletion.revision,
      updated_at = ${committedAt}::timestamptz
    from unnest(
      ${deletions.map(({ id }) => id)}::uuid[],
      ${deletions.map(({ version }) => version)}::int[],
      ${deletions.map(({ revision }) => revision)}::bigint[]
    ) as deletion (id, version, revision)
    where entries.vault_id = ${vault.id} and entries.id = deletion.id`.execute(tx);
}

/** Removes the whole history of entries: a deleted entry has none. */
export async function forgetVersions(tx: Tx, vault: LockedVault, ids: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('entry_versions')
    .where('vault_id', '=', vault.id)
    .where('entry_id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
}
