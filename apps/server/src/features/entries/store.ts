/**
 * @file SQL of the plain surface. One function, one statement.
 *
 * Every function takes the owner and reads the default vault: the owner's oldest one without manifests.
 */
import { sql } from 'kysely';
import type { Db, EntryRow } from '../../db/schema.ts';

/** Names one entry of the default vault, and whose it is. */
export interface EntryRef {
  readonly ownerId: string;
  readonly entryId: string;
}

/** An entry that is there. */
export type PresentEntryRow = Omit<EntryRow, 'vault_id' | 'deleted' | 'ciphertext' | 'iv' | 'tag'> & {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
};

/** Where a page of entries begins, and how large it may be. */
export interface EntriesPage {
  /** The id after which the page begins. */
  readonly after: string;
  readonly limit: number;
  /** The page ends with the entry that brings its ciphertexts to this many characters. */
  readonly maxCharacters: number;
}

const defaultVaultOf = (ownerId: string) =>
  sql<string>`(select vault_id from default_vaults where owner_id = ${ownerId})`;

/** The entry, or undefined if there is none. */
export async function findEntry(db: Db, ref: EntryRef): Promise<PresentEntryRow | undefined> {
  const row = await db
    .selectFrom('entries')
    .select(['id', 'version', 'vk_epoch', 'schema', 'ciphertext', 'iv', 'tag', 'revision', 'updated_at'])
    .where('vault_id', '=', defaultVaultOf(ref.ownerId))
    .where('id', '=', ref.entryId)
    .where('deleted', '=', false)
    .executeTakeFirst();
  return row as PresentEntryRow | undefined;
}

/** True if the owner has a default vault. */
export async function hasDefaultVault(db: Db, ownerId: string): Promise<boolean> {
  const row = await db
    .selectFrom('default_vaults')
    .select('vault_id')
    .where('owner_id', '=', ownerId)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * One page of entries, by id.
 *
 * @returns each entry with `is_last`: whether there is none after it.
 */
export async function listEntriesAfter(
  db: Db,
  ownerId: string,
  page: EntriesPage,
): Promise<(PresentEntryRow & { readonly is_last: boolean })[]> {
  const { rows } = await sql<PresentEntryRow & { readonly is_last: boolean }>`
    select id, version, vk_epoch, schema, ciphertext, iv, tag, revision, updated_at, is_last
    from (
      select *, lead(id) over (order by id) is null as is_last,
        sum(octet_length(ciphertext)) over (order by id) - octet_length(ciphertext) as characters_before
      from (
        select * from entries
        where vault_id = ${defaultVaultOf(ownerId)} and not deleted and id > ${page.after}
        order by id limit ${page.limit + 1}
      ) as candidates
    ) as measured
    where characters_before < ${page.maxCharacters}
    order by id limit ${page.limit}`.execute(db);
  return rows;
}
