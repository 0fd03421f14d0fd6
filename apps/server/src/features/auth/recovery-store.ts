/** @file SQL of recovery keys and of recoveries that have begun. One function, one statement. */
import { type Selectable, sql } from 'kysely';
import type { Db, RecoveriesTable, RecoveryKeyRow, Tx } from '../../db/schema.ts';

/** A recovery that has begun. */
export type RecoveryRow = Selectable<RecoveriesTable>;

/** A recovery key as it is written. */
export type NewRecoveryKeyRow = Omit<RecoveryKeyRow, 'created_at'>;

/** No account has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The recovery key of an account, if it has one. @param userId undefined asks for nobody's, with the same statement. */
export function findRecoveryKey(db: Db, userId: string | undefined): Promise<RecoveryKeyRow | undefined> {
  return db
    .selectFrom('recovery_keys')
    .selectAll()
    .where('user_id', '=', userId ?? NOBODY)
    .executeTakeFirst();
}

/** Writes a recovery key in place of whatever was there. */
export async function replaceRecoveryKey(tx: Tx, key: NewRecoveryKeyRow): Promise<void> {
  const { user_id, ...columns } = key;
  await tx
    .insertInto('recovery_keys')
    .values(key)
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({ ...columns, created_at: sql<Date>`now()` }),
    )
    .execute();
}

/** Removes the recovery key of an account. */
export async function removeRecoveryKey(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('recovery_keys').where('user_id', '=', userId).execute();
}

/** Keeps that a recovery has begun. */
export async function insertRecovery(
  tx: Tx,
  recovery: Omit<RecoveryRow, 'created_at' | 'expires_at'>,
  ttlSeconds: number,
): Promise<void> {
  await tx
    .insertInto('recoveries')
    .values({ ...recovery, expires_at: sql<Date>`now() + make_interval(secs => ${ttlSeconds})` })
    .execute();
}

/** The recovery of a token, unless it has expired, by the hashes under which it may be kept. */
export function findRecovery(db: Db, tokenHashes: readonly Uint8Array[]): Promise<RecoveryRow | undefined> {
  return db
    .selectFrom('recoveries')
    .selectAll()
    .where('token_hash', 'in', tokenHashes)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
}

/** Uses a recovery up. @returns false if it has expired or somebody else has used it. */
export async function takeRecovery(
  tx: Tx,
  { token_hash }: Pick<RecoveryRow, 'token_hash'>,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('recoveries')
    .where('token_hash', '=', token_hash)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Removes recoveries that have expired. @returns how many. */
export async function removeOldRecoveries(db: Db): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('recoveries')
    .where('expires_at', '<', sql<Date>`now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
