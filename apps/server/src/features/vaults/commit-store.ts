/**
 * @file SQL of a commit: a handful of statements, however many operations there are. Those whose outcome
 * nothing depends on are not waited for.
 *
 * Every function takes a locked vault, so what one of them writes the next one may rely on.
 */

import { sql } from 'kysely';
import type { Tx } from '../../db/schema.ts';
import { deferredStatement, statement } from '../../db/statement.ts';
import { noteVaultChange } from '../../db/transact.ts';
import type { LockedVault, NewManifestRow } from './store.ts';

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

const advance = statement(
  'update vaults set revision = revision + $2, seq = seq + 1 where id = $1',
  'unawaited',
);

/** Counts one commit of `operationCount` operations. @returns what the vault has then. */
export async function advanceVault(
  tx: Tx,
  vault: LockedVault,
  operationCount: number,
): Promise<CommittedHead> {
  await advance(tx, [vault.id, operationCount]);
  const revision = vault.revision + operationCount;
  noteVaultChange(tx, { ownerId: vault.owner_id, vaultId: vault.id, revision });
  return { revision, seq: vault.seq + 1, committedAt: vault.now };
}

const insertManifest = statement(
  'insert into manifests (vault_id, seq, revision, ciphertext, iv, tag) values ($1, $2, $3, $4, $5, $6)',
  'unawaited',
);

/** Keeps the manifest of a commit. */
export async function keepManifest(
  tx: Tx,
  vault: LockedVault,
  { seq, revision, ciphertext, iv, tag }: Omit<NewManifestRow, 'vault_id'>,
): Promise<void> {
  await insertManifest(tx, [vault.id, seq, revision, ciphertext, iv, tag]);
}

const copyToHistory = statement(
  `insert into entry_versions (vault_id, entry_id, version, vk_epoch, schema, ciphertext, iv, tag, updated_at)
   select vault_id, id, version, vk_epoch, schema, ciphertext, iv, tag, updated_at
   from entries
   where vault_id = $1 and id = any($2::uuid[]) and not deleted`,
  'unawaited',
);

/** Copies the present states of these entries to the history, before they are replaced. */
export async function keepVersions(tx: Tx, vault: LockedVault, ids: readonly string[]): Promise<void> {
  await copyToHistory(tx, [vault.id, ids]);
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

const write = deferredStatement<{ readonly written: number }>(
  `with put as (
     select * from unnest($2::uuid[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::bigint[])
       as put (id, version, schema, ciphertext, iv, tag, revision)
   ),
   written as (
     insert into entries
       (vault_id, id, version, vk_epoch, schema, deleted, ciphertext, iv, tag, revision, updated_at)
     select $1::uuid, id, version, $9::int, schema, false, ciphertext, iv, tag, revision, $10::timestamptz
     from put
     where version = 1 or exists (select from entries where vault_id = $1 and id = put.id)
     on conflict (vault_id, id) do update set
       version = excluded.version,
       vk_epoch = excluded.vk_epoch,
       schema = excluded.schema,
       ciphertext = excluded.ciphertext,
       iv = excluded.iv,
       tag = excluded.tag,
       revision = excluded.revision,
       updated_at = excluded.updated_at
     where entries.version = excluded.version - 1 and not entries.deleted
     returning 1
   )
   select count(*)::int as written from written`,
);

/**
 * Inserts or replaces entries, each of them if its version follows the one that is there and it is not deleted.
 *
 * @returns says how many, once a later statement was awaited.
 */
export async function writeEntries(
  tx: Tx,
  vault: LockedVault,
  puts: readonly PutRow[],
  committedAt: Date,
): Promise<() => Promise<number>> {
  const rows = await write(tx, [
    vault.id,
    puts.map(({ id }) => id),
    puts.map(({ version }) => version),
    puts.map(({ schema }) => schema),
    puts.map(({ ciphertext }) => ciphertext),
    puts.map(({ iv }) => iv),
    puts.map(({ tag }) => tag),
    puts.map(({ revision }) => revision),
    vault.vk_epoch,
    committedAt,
  ]);
  return async () => (await rows())[0]?.written ?? 0;
}

const bury = statement<{ readonly buried: number }>(
  `with buried as (
     update entries set
       version = deletion.version,
       deleted = true,
       ciphertext = null,
       iv = null,
       tag = null,
       revision = deletion.revision,
       updated_at = $5::timestamptz
     from unnest($2::uuid[], $3::int[], $4::bigint[]) as deletion (id, version, revision)
     where entries.vault_id = $1 and entries.id = deletion.id
       and entries.version = deletion.version - 1 and not entries.deleted
     returning 1
   )
   select count(*)::int as buried from buried`,
);

/** Makes tombstones of entries, each of them if its version follows the one that is there. @returns how many. */
export async function buryEntries(
  tx: Tx,
  vault: LockedVault,
  deletions: readonly DeletionRow[],
  committedAt: Date,
): Promise<number> {
  const [row] = await bury(tx, [
    vault.id,
    deletions.map(({ id }) => id),
    deletions.map(({ version }) => version),
    deletions.map(({ revision }) => revision),
    committedAt,
  ]);
  return row?.buried ?? 0;
}

/** Removes the whole history of entries: a deleted entry has none. */
export async function forgetVersions(tx: Tx, vault: LockedVault, ids: readonly string[]): Promise<void> {
  await tx
    .deleteFrom('entry_versions')
    .where('vault_id', '=', vault.id)
    .where('entry_id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
}
