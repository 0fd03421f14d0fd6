/** @file SQL of failed logins. One function, one statement. */
import { sql } from 'kysely';
import type { Db } from '../../db/schema.ts';

/** When attempts are turned away. */
export interface LockoutRule {
  /** How many attempts in one window are looked at. */
  readonly maxAttempts: number;
  readonly minutes: number;
}

/**
 * Counts an attempt before it is looked at. It is one statement, so that of any number of parallel
 * attempts exactly `maxAttempts` are admitted. The window begins with the first attempt; the lock with
 * the last admitted one, and attempts under lock do not make it longer.
 *
 * @param keyHash 32 bytes that stand for what is counted.
 * @returns how many there were in this window, this one included; beyond `maxAttempts` it may not be looked at.
 */
export async function countAttempt(db: Db, keyHash: Uint8Array, rule: LockoutRule): Promise<number> {
  const span = sql<Date>`make_interval(mins => ${rule.minutes})`;
  const isOver = sql<boolean>`coalesce(login_failures.locked_until <= now(),
    login_failures.window_started_at + ${span} <= now())`;
  const failures = sql<number>`case when ${isOver} then 1
    else least(login_failures.failures + 1, ${rule.maxAttempts}::integer + 1) end`;
  const row = await db
    .insertInto('login_failures')
    .values({
      key_hash: keyHash,
      failures: 1,
      window_started_at: sql<Date>`now()`,
      locked_until: rule.maxAttempts === 1 ? sql<Date>`now() + ${span}` : null,
    })
    .onConflict((conflict) =>
      conflict.column('key_hash').doUpdateSet({
        failures,
        window_started_at: sql<Date>`case when ${isOver} then now() else login_failures.window_started_at end`,
        locked_until: sql<Date | null>`case
          when ${failures} < ${rule.maxAttempts}::integer then null
          when ${failures} = ${rule.maxAttempts}::integer then now() + ${span}
          else login_failures.locked_until end`,
      }),
    )
    .returning('failures')
    .executeTakeFirstOrThrow();
  return row.failures;
}

/**
 * Takes one counted attempt back, and with it a lock that it began. Only for an attempt that was admitted:
 * what is taken back was counted before, so no guess becomes free by it.
 */
export async function takeAttemptBack(db: Db, keyHash: Uint8Array, maxAttempts: number): Promise<void> {
  await db
    .updateTable('login_failures')
    .set({
      failures: sql<number>`greatest(failures - 1, 0)`,
      locked_until: sql<Date | null>`case when failures - 1 < ${maxAttempts}::integer then null else locked_until end`,
    })
    .where('key_hash', '=', keyHash)
    .execute();
}

/** Forgets the attempts under these keys. */
export async function forgetAttempts(db: Db, keyHashes: readonly Uint8Array[]): Promise<void> {
  await db.deleteFrom('login_failures').where('key_hash', 'in', keyHashes).execute();
}

/** Removes counters that no longer matter. @returns how many. */
export async function removeOldAttempts(db: Db, minutes: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('login_failures')
    .where(sql<boolean>`window_started_at + make_interval(mins => ${2 * minutes}) < now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
