/** @file SQL of second factors. One function, one statement. */
import { sql } from 'kysely';
import type { Db, SecondFactorRow, Tx } from '../../db/schema.ts';

/** A sealed seed, and the step that the database's clock is in. */
export interface SecondFactorNow extends SecondFactorRow {
  readonly current_step: number;
}

/** A sealed seed as it is written. */
export interface SealedSeed {
  readonly keyId: string;
  /** 48 bytes. */
  readonly sealed: Uint8Array;
}

/** The account's second factor, confirmed or not, with the present step of its one-time passwords. */
export function findSecondFactor(
  db: Db,
  userId: string,
  stepSeconds: number,
): Promise<SecondFactorNow | undefined> {
  return db
    .selectFrom('second_factors')
    .selectAll()
    .select(sql<number>`floor(extract(epoch from now()) / ${stepSeconds})::bigint`.as('current_step'))
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

/** Writes a new seed in place of whatever was there. */
export async function replaceSeed(tx: Tx, userId: string, seed: SealedSeed): Promise<void> {
  const values = { key_id: seed.keyId, sealed_seed: seed.sealed };
  await tx
    .insertInto('second_factors')
    .values({ user_id: userId, ...values })
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({ ...values, last_step: null, created_at: sql<Date>`now()` }),
    )
    .execute();
}

/**
 * Uses a step up: of any number of parallel uses of one step, or of an earlier one, exactly one succeeds.
 *
 * @param used the factor as it was read; if its seed is another by now, nothing is used.
 * @param resealed the same seed under a newer key.
 * @returns false if the step or a later one was used before.
 */
export async function useStep(
  db: Db,
  used: SecondFactorRow,
  step: number,
  resealed: SealedSeed | undefined,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('second_factors')
    .set({
      last_step: step,
      ...(resealed === undefined ? {} : { key_id: resealed.keyId, sealed_seed: resealed.sealed }),
    })
    .where('user_id', '=', used.user_id)
    .where('sealed_seed', '=', used.sealed_seed)
    .where((where) => where.or([where('last_step', 'is', null), where('last_step', '<', step)]))
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Removes the account's second factor, confirmed or not. */
export async function removeSecondFactor(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('second_factors').where('user_id', '=', userId).execute();
}

/** Adds recovery codes. */
export async function insertRecoveryCodes(
  tx: Tx,
  userId: string,
  codes: readonly { readonly hash: Uint8Array; readonly keyId: string }[],
): Promise<void> {
  await tx
    .insertInto('recovery_codes')
    .values(codes.map(({ hash, keyId }) => ({ code_hash: hash, user_id: userId, key_id: keyId })))
    .execute();
}

/** Removes every recovery code of the account. */
export async function removeRecoveryCodes(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
}

/** Uses a recovery code up. @returns false if there is none of these hashes, or none any more. */
export async function useRecoveryCode(
  db: Db,
  userId: string,
  codeHashes: readonly Uint8Array[],
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('recovery_codes')
    .where('user_id', '=', userId)
    .where('code_hash', 'in', codeHashes)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Keeps every other change of the account's second factor waiting until the transaction ends. */
export async function lockSecondFactor(tx: Tx, userId: string): Promise<void> {
  await tx.selectFrom('second_factors').select('user_id').where('user_id', '=', userId).forUpdate().execute();
}

/** Seeds that are not sealed under a key, in the order of their accounts. */
export function listSeedsNotUnder(
  db: Db,
  keyId: string,
  page: { readonly after: string; readonly limit: number },
): Promise<SecondFactorRow[]> {
  return db
    .selectFrom('second_factors')
    .selectAll()
    .where('key_id', '!=', keyId)
    .where('user_id', '>', page.after)
    .orderBy('user_id')
    .limit(page.limit)
    .execute();
}

/** Puts the same seed, sealed anew, in its place. @returns false if another one is there by now, or none. */
export async function replaceSealedSeed(
  db: Db,
  was: SecondFactorRow,
  resealed: SealedSeed,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('second_factors')
    .set({ key_id: resealed.keyId, sealed_seed: resealed.sealed })
    .where('user_id', '=', was.user_id)
    .where('sealed_seed', '=', was.sealed_seed)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
