/** @file SQL of sessions and their refresh tokens. One function, one statement. */
import { sql } from 'kysely';
import type { Db, SessionRow, Tx, UserRow } from '../../db/schema.ts';

/** A live session with what a request needs to know of its user. */
export interface LiveSession {
  readonly user_id: string;
  readonly session_id: string;
  readonly role: UserRow['role'];
  readonly now: Date;
}

/** The session if it is not revoked and its user is active, with the database's time. */
export function findLiveSession(db: Db, sessionId: string, userId: string): Promise<LiveSession | undefined> {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.user_id', 'sessions.id as session_id', 'users.role', sql<Date>`now()`.as('now')])
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where('sessions.revoked_at', 'is', null)
    .where('users.is_active', '=', true)
    .executeTakeFirst();
}

/** A session to be. */
export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly transport: SessionRow['transport'];
  readonly addressPrefix: string;
}

/** Inserts a session; its times are the database's. */
export function insertSession(tx: Tx, session: NewSession): Promise<SessionRow> {
  return tx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      device_id: session.deviceId,
      device_name: session.deviceName,
      transport: session.transport,
      address_prefix: session.addressPrefix,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
