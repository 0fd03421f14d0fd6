/** @file SQL of reading a vault: what changed in it, and the versions of one entry. */
import { sql } from 'kysely';
import type { Db, EntryVersionRow } from '../../db/schema.ts';
import { statement } from '../../db/statement.ts';
import type { VaultRef } from './store.ts';

/** Where a page of changes begins, and how large it may be. */
export interface ChangesPage {
  /** The last revision the caller knows. */
  readonly since: number;
  /** At most so many entries and deletions, and at most so many manifests. */
  readonly limit: number;
  /** Manifests up to this seq are left out; -1 for none. */
  readonly manifestsAfter: number;
  /** The page ends with the row that brings its ciphertexts, or those of its manifests, to this many characters. */
  readonly maxCharacters: number;
}

/** The vault at the moment of the page; `page_end` is the last revision of the page. */
export interface HeadRow {
  readonly kind: 'head';
  readonly revision: number;
  readonly seq: number;
  readonly vk_epoch: number;
  readonly page_end: number;
}

/** A row of the page. */
export type ChangeRow =
  | HeadRow
  | {
      readonly kind: 'entry';
      readonly id: string;
      readonly version: number;
      readonly vk_epoch: number;
      readonly schema: number;
      readonly ciphertext: string;
      readonly iv: string;
      readonly tag: string;
      readonly revision: number;
      readonly updated_at: Date;
    }
  | { readonly kind: 'deletion'; readonly id: string; readonly version: number }
  | {
      readonly kind: 'manifest' | 'head-manifest';
      readonly seq: number;
      readonly ciphertext: string;
      readonly iv: string;
      readonly tag: string;
    };

const changes = statement<ChangeRow>(`
with head as (
  select revision, seq, vk_epoch from vaults where id = $1 and owner_id = $2
),
changed as (
  select *, sum(octet_length(ciphertext)) over (order by revision) as characters
  from (
    select * from entries
    where vault_id = $1 and revision > $3 and exists (select from head)
    order by revision limit $4
  ) as candidates
),
known as (
  select greatest(
    $5::bigint,
    (
      select seq from manifests where vault_id = $1 and revision <= $3
      order by revision desc limit 1
    )
  ) as seq
),
committed as (
  select *, sum(octet_length(ciphertext)) over (order by seq) as characters
  from (
    select * from manifests
    where vault_id = $1 and seq > (select seq from known) and exists (select from head)
    order by seq limit $4
  ) as candidates
),
page_end as (
  select least(
    (select revision from head),
    (select case when count(*) = $4 then max(revision) end from changed),
    (select case when count(*) = $4 then max(revision) end from committed),
    (select min(revision) from changed where characters >= $6),
    (select min(revision) from committed where characters >= $6)
  ) as revision
)
select 'head' as kind, null::uuid as id, null::int as version, vk_epoch, null::int as schema,
  null as ciphertext, null as iv, null as tag, revision, null::timestamptz as updated_at,
  seq, (select revision from page_end) as page_end
from head
union all
select case when deleted then 'deletion' else 'entry' end, id, version, vk_epoch, schema,
  ciphertext, iv, tag, revision, updated_at, null, null
from changed where revision <= (select revision from page_end)
union all
select 'manifest', null, null, null, null, ciphertext, iv, tag, revision, null, seq, null
from committed where revision <= (select revision from page_end)
union all
select 'head-manifest', null, null, null, null, ciphertext, iv, tag, revision, null, seq, null
from manifests where vault_id = $1 and seq = (select seq from head)
order by revision`);

/**
 * One page of changes, in one statement and so in one snapshot, whatever is committed meanwhile.
 *
 * The page holds what lies in (since, page_end]. page_end is the smallest of: the revision at which
 * the rows reach the limit, the same for manifests, the revision at which either reaches
 * `maxCharacters`, and the head. Both ranges are read off an index, from `since` on and no further
 * than the limit; sizes are read from the headers of values stored out of line, not from the values.
 *
 * @returns no rows if the owner has no such vault; otherwise one `head`, and the others by revision.
 */
export function readChanges(db: Db, ref: VaultRef, page: ChangesPage): Promise<ChangeRow[]> {
  const { since, limit, manifestsAfter, maxCharacters } = page;
  return changes(db, [ref.vaultId, ref.ownerId, since, limit, manifestsAfter, maxCharacters]);
}

/** One version of an entry. */
export type VersionRow = Omit<EntryVersionRow, 'vault_id' | 'entry_id'>;

/** The versions of an entry of the owner, newest first; none if it is deleted or was never there. */
export async function listVersions(
  db: Db,
  ref: VaultRef & { readonly entryId: string },
): Promise<VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    with entry as (
      select entries.* from entries
      join vaults on vaults.id = entries.vault_id
      where vaults.owner_id = ${ref.ownerId} and vault_id = ${ref.vaultId}
        and entries.id = ${ref.entryId} and not deleted
    )
    select version, vk_epoch, schema, ciphertext, iv, tag, updated_at from entry
    union all
    select version, vk_epoch, schema, ciphertext, iv, tag, updated_at from entry_versions
    where vault_id = ${ref.vaultId} and entry_id = ${ref.entryId} and exists (select from entry)
    order by version desc`.execute(db);
  return rows;
}
