/** @file SQL of how far vaults are. */
import { sql } from 'kysely';
import type { Db, VaultRow } from '../../db/schema.ts';

/** Id and revision of every vault of these owners. */
export function listHeadRows(
  db: Db,
  ownerIds: readonly string[],
): Promise<readonly Pick<VaultRow, 'owner_id' | 'id' | 'revision'>[]> {
  return db
    .selectFrom('vaults')
    .select(['owner_id', 'id', 'revision'])
    .where('owner_id', '=', sql<string>`any(${ownerIds}::uuid[])`)
    .execute();
}
