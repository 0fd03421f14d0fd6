/** @file Which of many sessions are still good, for whoever remembers that they were. */
import type { Db, UserRow } from '../../db/schema.ts';
import { listLiveSessionRoles, readNow } from './liveness-store.ts';

const CHUNK = 1_000;

/**
 * Looks sessions up.
 *
 * @returns the role of each session that has not ended, by its id; and the database's time before that.
 */
export async function readLiveSessions(
  db: Db,
  sessionIds: readonly string[],
): Promise<{ readonly now: Date; readonly sessions: ReadonlyMap<string, UserRow['role']> }> {
  const now = await readNow(db);
  const sessions = new Map<string, UserRow['role']>();
  for (let start = 0; start < sessionIds.length; start += CHUNK) {
    const rows = await listLiveSessionRoles(db, sessionIds.slice(start, start + CHUNK));
    for (const { id, role } of rows) sessions.set(id, role);
  }
  return { now, sessions };
}
