/**
 * @file SQL of a vault-key rotation: the staging area of a vault, and the step that empties it into the vault.
 *
 * Every function but the housekeeping one takes a locked vault, so what one of them reads the next may rely on.
 */
import { sql } from 'kysely';
import type { Db, Tx } from '../../db/schema.ts';
import type { LockedVault } from './store.ts';

/** Names a rotation: who stages, and for which epoch. */
export interface Rotation {
  readonly rotationId: string;
  readonly vkEpoch: number;
}

/** An entry as it is staged. */
export interface StagedRow {
  readonly id: string;
  readonly version: number;
  readonly schema: number;
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
}

/** Forgets what another rotation of the vault has staged. */
export async function endOtherRotations(tx: Tx, vault: LockedVault, rotation: Rotation): Promise<void> {
  await tx
    .deleteFrom('vault_rotations')
    .where('vault_id', '=', vault.id)
    .where((where) =>
      where.or([where('rotation_id', '!=', rotation.rotationId), where('vk_epoch', '!=', rotation.vkEpoch)]),
    )
    .execute();
}

/** Begins a rotation, or notes that it goes on. */
export async function touchRotation(tx: Tx, vault: LockedVault, rotation: Rotation): Promise<void> {
  await sql`
    insert into vault_rotations (vault_id, rotation_id, vk_epoch)
    values (${vault.id}, ${rotation.rotationId}, ${rotation.vkEpoch})
    on conflict (vault_id) do update set updated_at = now()`.execute(tx);
}

/** How many of these entries are there at exactly that version. */
export async function countPresent(
  tx: Tx,
  vault: LockedVault,
  entries: readonly Pick<StagedRow, 'id' | 'version'>[],
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
    from unnest(${entries.map(({ id }) => id)}::uuid[], ${entries.map(({ version }) => version)}::int[])
      as staged (id, version)
    join entries using (id, version)
    where vault_id = ${vault.id} and not deleted`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** Stages entries of the rotation under way; a batch that comes late never replaces a newer version. */
export async function writeStagedEntries(
  tx: Tx,
  vault: LockedVault,
  entries: readonly StagedRow[],
): Promise<void> {
  await sql`
    insert into staged_entries (vault_id, entry_id, version, schema, ciphertext, iv, tag)
    select ${vault.id}::uuid, staged.*
    from unnest(
      ${entries.map(({ id }) => id)}::uuid[],
      ${entries.map(({ version }) => version)}::int[],
      ${entries.map(({ schema }) => schema)}::smallint[],
      ${entries.map(({ ciphertext }) => ciphertext)}::text[],
      ${entries.map(({ iv }) => iv)}::text[],
      ${entries.map(({ tag }) => tag)}::text[]
    ) as staged
    on conflict (vault_id, entry_id) do update set
      version = excluded.version,
      schema = excluded.schema,
      ciphertext = excluded.ciphertext,
      iv = excluded.iv,
      tag = excluded.tag
    where staged_entries.version <= excluded.version`.execute(tx);
}

/** How many entries are staged. */
export async function countStaged(tx: Tx, vault: LockedVault): Promise<number> {
  const { count } = await tx
    .selectFrom('staged_entries')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('vault_id', '=', vault.id)
    .executeTakeFirstOrThrow();
  return count;
}

/** How many entries of the vault are not staged by this rotation at their present version. */
export async function countUnstaged(tx: Tx, vault: LockedVault, rotation: Rotation): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
    from entries
    where vault_id = ${vault.id} and not deleted and not exists (
      select from vault_rotations
      join staged_entries on staged_entries.vault_id = vault_rotations.vault_id
      where vault_rotations.vault_id = ${vault.id}
        and rotation_id = ${rotation.rotationId}
        and vault_rotations.vk_epoch = ${rotation.vkEpoch}
        and entry_id = entries.id
        and staged_entries.version = entries.version
    )`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** Forgets the earlier versions of every entry of the vault. */
export async function forgetAllVersions(tx: Tx, vault: LockedVault): Promise<void> {
  await tx.deleteFrom('entry_versions').where('vault_id', '=', vault.id).execute();
}

/** Forgets every deletion of the vault. */
export async function dropTombstones(tx: Tx, vault: LockedVault): Promise<void> {
  await tx.deleteFrom('entries').where('vault_id', '=', vault.id).where('deleted', '=', true).execute();
}

/**
 * Puts what is staged in the place of the present envelopes: same version, next epoch, and each a revision
 * of its own after the vault's present one, so that readers of changes are given it. Times stay.
 *
 * @returns how many entries were replaced.
 */
export async function switchEntries(tx: Tx, vault: LockedVault, vkEpoch: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update entries set
      vk_epoch = ${vkEpoch}::int,
      schema = staged.schema,
      ciphertext = staged.ciphertext,
      iv = staged.iv,
      tag = staged.tag,
      revision = ${vault.revision}::bigint + staged.place
    from (
      select staged_entries.*, row_number() over (order by entries.revision) as place
      from staged_entries
      join entries on entries.vault_id = staged_entries.vault_id
        and entries.id = entry_id and entries.version = staged_entries.version
      where staged_entries.vault_id = ${vault.id} and not deleted
    ) as staged
    where entries.vault_id = ${vault.id} and entries.id = staged.entry_id`.execute(tx);
  return Number(numAffectedRows);
}

/** Ends the rotation of a vault and forgets what was staged. */
export async function endRotation(tx: Tx, vault: LockedVault): Promise<void> {
  await tx.deleteFrom('vault_rotations').where('vault_id', '=', vault.id).execute();
}

/** Forgets rotations, of whomever, that had no batch for so many hours. @returns how many. */
export async function deleteAbandonedRotations(db: Db, hours: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('vault_rotations')
    .where('updated_at', '<', sql<Date>`now() - make_interval(hours => ${hours}::int)`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
