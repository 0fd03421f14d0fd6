/**
 * @file SQL of vaults. One function, one statement.
 *
 * Every function takes the owner, or a vault that was locked for its owner: there is no way to ask
 * for somebody else's row.
 */
import { sql } from 'kysely';
import type { Db, ManifestRow, Tx, VaultRow } from '../../db/schema.ts';
import { statement } from '../../db/statement.ts';
import { noteVaultChange } from '../../db/transact.ts';

/** Names one vault, and whose it is. */
export interface VaultRef {
  readonly ownerId: string;
  readonly vaultId: string;
}

declare const lockMark: unique symbol;

/** A vault of the caller's whose row this transaction has locked: nobody else writes to it now. */
export type LockedVault = Pick<
  VaultRow,
  'id' | 'owner_id' | 'integrity' | 'vk_epoch' | 'revision' | 'seq'
> & {
  /** By the database's clock, read under the lock: it follows the order of the commits. */
  readonly now: Date;
  readonly [lockMark]: true;
};

/** A vault with its newest manifest, if it has one. */
export type VaultRowWithManifest = Omit<VaultRow, 'owner_id' | 'created_at'> & {
  readonly manifest_seq: number | null;
  readonly manifest_ciphertext: string | null;
  readonly manifest_iv: string | null;
  readonly manifest_tag: string | null;
};

/** A vault as it is made. */
export type NewVaultRow = Pick<
  VaultRow,
  'id' | 'integrity' | 'vk_epoch' | 'wrap_ciphertext' | 'wrap_iv' | 'wrap_tag'
>;

/** A manifest as it is written. */
export type NewManifestRow = Omit<ManifestRow, 'created_at'>;

/** The lock is taken in a subquery, so that the clock is read after the wait for it. */
const lockWhere = (condition: string) =>
  statement<LockedVault>(
    `with locked as materialized (
       select id, owner_id, integrity, vk_epoch, revision, seq from vaults where ${condition} for update
     )
     select *, clock_timestamp()::timestamptz(3) as now from locked`,
  );
const lockById = lockWhere('id = $1 and owner_id = $2');
const lockDefault = lockWhere(
  'owner_id = $1 and id = (select vault_id from default_vaults where owner_id = $1)',
);

/** The owner's vaults, oldest first, each with its newest manifest. */
export function listVaultRows(db: Db, ownerId: string): Promise<VaultRowWithManifest[]> {
  return selectVaults(db, ownerId).orderBy('vaults.created_at').orderBy('vaults.id').execute();
}

/** One vault of the owner with its newest manifest, or undefined if there is none. */
export function findVault(db: Db, ref: VaultRef): Promise<VaultRowWithManifest | undefined> {
  return selectVaults(db, ref.ownerId).where('vaults.id', '=', ref.vaultId).executeTakeFirst();
}

function selectVaults(db: Db, ownerId: string) {
  return db
    .selectFrom('vaults')
    .leftJoin('manifests', (join) =>
      join.onRef('manifests.vault_id', '=', 'vaults.id').onRef('manifests.seq', '=', 'vaults.seq'),
    )
    .select([
      'vaults.id',
      'vaults.integrity',
      'vaults.vk_epoch',
      'vaults.wrap_ciphertext',
      'vaults.wrap_iv',
      'vaults.wrap_tag',
      'vaults.revision',
      'vaults.seq',
      'manifests.seq as manifest_seq',
      'manifests.ciphertext as manifest_ciphertext',
      'manifests.iv as manifest_iv',
      'manifests.tag as manifest_tag',
    ])
    .where('vaults.owner_id', '=', ownerId);
}

/** True if the owner has this vault. */
export async function hasVault(db: Db, ref: VaultRef): Promise<boolean> {
  const row = await db
    .selectFrom('vaults')
    .select('id')
    .where('id', '=', ref.vaultId)
    .where('owner_id', '=', ref.ownerId)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many vaults the owner has. */
export async function countVaults(db: Db, ownerId: string): Promise<number> {
  const { count } = await db
    .selectFrom('vaults')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('owner_id', '=', ownerId)
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Locks one vault of the owner until the transaction ends.
 *
 * @returns the vault as it is under the lock, or undefined if the owner has none of that id.
 */
export async function lockVault(tx: Tx, ref: VaultRef): Promise<LockedVault | undefined> {
  const [vault] = await lockById(tx, [ref.vaultId, ref.ownerId]);
  return vault;
}

/** Keeps the owner's vaults from being deleted until the transaction ends; in the order of their ids. */
export function shareVaults(
  tx: Tx,
  ownerId: string,
): Promise<readonly Pick<VaultRow, 'id' | 'integrity' | 'vk_epoch'>[]> {
  return tx
    .selectFrom('vaults')
    .select(['id', 'integrity', 'vk_epoch'])
    .where('owner_id', '=', ownerId)
    .orderBy('id')
    .forKeyShare()
    .execute();
}

/** Locks the owner's default vault of the plain surface until the transaction ends. */
export async function lockDefaultVault(tx: Tx, ownerId: string): Promise<LockedVault | undefined> {
  const [vault] = await lockDefault(tx, [ownerId]);
  return vault;
}

/**
 * Inserts vaults of one owner.
 *
 * @returns how many were inserted: fewer than given if an id is taken, by whomever.
 */
export async function insertVaults(tx: Tx, ownerId: string, vaults: readonly NewVaultRow[]): Promise<number> {
  const inserted = await tx
    .insertInto('vaults')
    .values(vaults.map((vault) => ({ ...vault, owner_id: ownerId })))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  for (const { id } of inserted) noteVaultChange(tx, { ownerId, vaultId: id, revision: 0 });
  return inserted.length;
}

/** Inserts manifests of vaults that this transaction has inserted or locked. */
export async function insertManifests(tx: Tx, manifests: readonly NewManifestRow[]): Promise<void> {
  await tx.insertInto('manifests').values(manifests).execute();
}

/** Replaces the wrap of a locked vault and sets its epoch. */
export async function replaceWrap(
  tx: Tx,
  vault: LockedVault,
  change: Pick<VaultRow, 'vk_epoch' | 'wrap_ciphertext' | 'wrap_iv' | 'wrap_tag'>,
): Promise<void> {
  await tx.updateTable('vaults').set(change).where('id', '=', vault.id).execute();
}

/** Locks the vaults of the owner that have a wrapped key until the transaction ends, in the order of their ids. */
export function lockWrappedVaults(tx: Tx, ownerId: string): Promise<Pick<VaultRow, 'id'>[]> {
  return tx
    .selectFrom('vaults')
    .select('id')
    .where('owner_id', '=', ownerId)
    .where('wrap_ciphertext', 'is not', null)
    .orderBy('id')
    .forUpdate()
    .execute();
}

/** Replaces the wraps of vaults of the owner; their keys and epochs stay. */
export async function replaceWraps(
  tx: Tx,
  ownerId: string,
  wraps: readonly ({ readonly id: string } & Readonly<Record<'ciphertext' | 'iv' | 'tag', string>>)[],
): Promise<void> {
  if (wraps.length === 0) return;
  const rows = sql.join(
    wraps.map(
      ({ id, ciphertext, iv, tag }) => sql`(${id}::uuid, ${ciphertext}::text, ${iv}::text, ${tag}::text)`,
    ),
  );
  await sql`
    update vaults set wrap_ciphertext = next.ciphertext, wrap_iv = next.iv, wrap_tag = next.tag
    from (values ${rows}) as next (id, ciphertext, iv, tag)
    where vaults.id = next.id and vaults.owner_id = ${ownerId}`.execute(tx);
}

/** Deletes what API keys have of the former key of a locked vault: it opens nothing that is there any more. */
export async function deleteApiKeyWraps(tx: Tx, vault: LockedVault): Promise<void> {
  await tx.deleteFrom('api_key_wraps').where('vault_id', '=', vault.id).execute();
}

/**
 * Deletes a vault of the owner with everything in it.
 *
 * @returns false if the owner has none of that id.
 */
export async function deleteVaultRow(db: Db, ref: VaultRef): Promise<boolean> {
  const deleted = await db
    .deleteFrom('vaults')
    .where('id', '=', ref.vaultId)
    .where('owner_id', '=', ref.ownerId)
    .returning('id')
    .executeTakeFirst();
  return deleted !== undefined;
}
