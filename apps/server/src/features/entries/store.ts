/**
 * @file SQL of the plain surface. One function, one statement.
 *
 * Every function takes the owner and reads the default vault: the owner's oldest one without manifests.
 */
import { sql } from 'kysely';
import { claimParameters, LIVE_SESSION, type SessionClaim } from '../../db/live-session.ts';
import type { Db, EntryRow } from '../../db/schema.ts';
import { statement } from '../../db/statement.ts';

/** Whose default vault it is. */
export interface DefaultVaultRef {
  readonly ownerId: string;
  /** Where only this vault may be touched: if the default vault is another one, there is none. */
  readonly onlyVaultId?: string | undefined;
}

/** Names one entry of the default vault, and whose it is. */
export interface EntryRef extends DefaultVaultRef {
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

const defaultVaultOf = ({ ownerId, onlyVaultId }: DefaultVaultRef) =>
  sql<string>`(select vault_id from default_vaults
    where owner_id = ${ownerId} and vault_id = coalesce(${onlyVaultId ?? null}::uuid, vault_id))`;

const ENTRY = `
  select id, version, vk_epoch, schema, ciphertext, iv, tag, revision, updated_at
  from entries`;

const entryOfDefaultVault = statement<PresentEntryRow>(
  `${ENTRY}
   where vault_id = (
       select vault_id from default_vaults where owner_id = $1 and vault_id = coalesce($2::uuid, vault_id)
     )
     and id = $3 and not deleted`,
  'quick',
);

const entryOfSession = statement<PresentEntryRow>(
  `${ENTRY}
   where vault_id = (select vault_id from default_vaults where owner_id = $2)
     and id = $5 and not deleted and ${LIVE_SESSION}`,
  'quick',
);

/** The entry of the default vault of whoever claims to ask; undefined if there is none, or the claim does not hold. */
export async function findEntryOf(
  db: Db,
  claim: SessionClaim,
  entryId: string,
): Promise<PresentEntryRow | undefined> {
  const [entry] = await entryOfSession(db, [...claimParameters(claim), entryId]);
  return entry;
}

/** The entry, or undefined if there is none. */
export async function findEntry(db: Db, ref: EntryRef): Promise<PresentEntryRow | undefined> {
  const [entry] = await entryOfDefaultVault(db, [ref.ownerId, ref.onlyVaultId ?? null, ref.entryId]);
  return entry;
}

/** True if the owner has a default vault. */
export async function hasDefaultVault(db: Db, ref: DefaultVaultRef): Promise<boolean> {
  const row = await db
    .selectFrom('default_vaults')
    .select('vault_id')
    .where('vault_id', '=', defaultVaultOf(ref))
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
  ref: DefaultVaultRef,
  page: EntriesPage,
): Promise<(PresentEntryRow & { readonly is_last: boolean })[]> {
  const { rows } = await sql<PresentEntryRow & { readonly is_last: boolean }>`
    select id, version, vk_epoch, schema, ciphertext, iv, tag, revision, updated_at, is_last
    from (
      select *, lead(id) over (order by id) is null as is_last,
        sum(octet_length(ciphertext)) over (order by id) - octet_length(ciphertext) as characters_before
      from (
        select * from entries
        where vault_id = ${defaultVaultOf(ref)} and not deleted and id > ${page.after}
        order by id limit ${page.limit + 1}
      ) as candidates
    ) as measured
    where characters_before < ${page.maxCharacters}
    order by id limit ${page.limit}`.execute(db);
  return rows;
}
