/** @file SQL of which sessions are still good. */
import { sql } from 'kysely';
import type { Db, UserRow } from '../../db/schema.ts';

/** The sessions among these that are not revoked and whose user is active. */
export function listLiveSessionRoles(
  db: Db,
  sessionIds: readonly string[],
): Promise<readonly { readonly id: string; readonly role: UserRow['role'] }[]> {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'users.role'])
    .where('sessions.id', '=', sql<string>`any(${sessionIds}::uuid[])`)
    .where('sessions.revoked_at', 'is', null)
    .where('users.is_active', '=', true)
    .execute();
}

/** The database's time. */
export async function readNow(db: Db): Promise<Date> {
  const { now } = await db.selectNoFrom(sql<Date>`now()`.as('now')).executeTakeFirstOrThrow();
  return now;
}
