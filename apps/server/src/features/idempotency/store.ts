/** @file SQL of requests that are done once. */
import { sql } from 'kysely';
import type { Db, IdempotencyKeyRow, Tx } from '../../db/schema.ts';

/** Names one request of one account. */
export interface KeyRef {
  readonly userId: string;
  readonly operation: string;
  readonly keyHash: Uint8Array;
}

/**
 * Takes a key for this transaction. Whoever takes it at the same time waits until this one has ended.
 *
 * @returns false if it is taken: by a transaction that has been committed not longer ago than `ttlHours`.
 */
export async function claimKey(
  tx: Tx,
  ref: KeyRef,
  claim: { readonly fingerprint: Uint8Array; readonly keyId: string; readonly ttlHours: number },
): Promise<boolean> {
  const row = await tx
    .insertInto('idempotency_keys')
    .values({
      user_id: ref.userId,
      operation: ref.operation,
      key_hash: ref.keyHash,
      fingerprint: claim.fingerprint,
      key_id: claim.keyId,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'operation', 'key_hash'])
        .doUpdateSet({
          fingerprint: claim.fingerprint,
          key_id: claim.keyId,
          sealed_answer: null,
          created_at: sql<Date>`now()`,
        })
        .where(
          sql<boolean>`idempotency_keys.created_at + make_interval(hours => ${claim.ttlHours}::int) <= now()`,
        ),
    )
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** What is kept under a key. */
export function findKey(db: Db, ref: KeyRef): Promise<IdempotencyKeyRow | undefined> {
  return db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('user_id', '=', ref.userId)
    .where('operation', '=', ref.operation)
    .where('key_hash', '=', ref.keyHash)
    .executeTakeFirst();
}

/** Keeps the answer under a key that this transaction has taken. */
export async function keepAnswer(
  tx: Tx,
  ref: KeyRef,
  answer: { readonly keyId: string; readonly sealed: Uint8Array },
): Promise<void> {
  await tx
    .updateTable('idempotency_keys')
    .set({ key_id: answer.keyId, sealed_answer: answer.sealed })
    .where('user_id', '=', ref.userId)
    .where('operation', '=', ref.operation)
    .where('key_hash', '=', ref.keyHash)
    .execute();
}

/** Removes keys that are older than `ttlHours`. @returns how many. */
export async function removeOldKeys(db: Db, ttlHours: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('idempotency_keys')
    .where(sql<boolean>`created_at + make_interval(hours => ${ttlHours}::int) <= now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
