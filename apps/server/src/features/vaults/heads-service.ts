/** @file How far the vaults of accounts are, for whoever tells their owners. */
import type { Db } from '../../db/schema.ts';
import { listHeadRows } from './heads-store.ts';

/** One vault and its revision. */
export interface VaultHead {
  readonly ownerId: string;
  readonly vaultId: string;
  readonly revision: number;
}

const CHUNK = 500;

/** The vaults of these accounts. */
export async function listVaultHeads(db: Db, ownerIds: readonly string[]): Promise<VaultHead[]> {
  const heads: VaultHead[] = [];
  for (let start = 0; start < ownerIds.length; start += CHUNK)
    for (const row of await listHeadRows(db, ownerIds.slice(start, start + CHUNK)))
      heads.push({ ownerId: row.owner_id, vaultId: row.id, revision: row.revision });
  return heads;
}
