/** @file SQL of sessions and their refresh tokens. One function, one statement. */
import { type Selectable, sql } from 'kysely';
import type { Db, RefreshTokensTable, SessionRow, Tx, UserRow } from '../../db/schema.ts';

/** A refresh token as it is kept. */
export type RefreshTokenRow = Selectable<RefreshTokensTable>;

/** Why a session ended. */
export type RevokedReason = 'logout' | 'revoked' | 'rekey' | 'refresh-reuse';

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

/** When a session of the user last ended by a reuse of a refresh token, if none was opened since. */
export async function findReuseSinceLogin(tx: Tx, userId: string): Promise<Date | null> {
  const { rows } = await sql<{ reused_at: Date | null }>`
    select max(revoked_at) filter (where revoked_reason = 'refresh-reuse' and revoked_at >= newest) as reused_at
    from (select *, max(created_at) over () as newest from sessions where user_id = ${userId}) as own`.execute(
    tx,
  );
  return rows[0]?.reused_at ?? null;
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

/** A refresh token to be kept. */
export interface NewRefreshToken {
  readonly sessionId: string;
  readonly tokenHash: Uint8Array;
  readonly keyId: string;
  readonly ttlSeconds: number;
}

/** Inserts a refresh token that expires `ttlSeconds` after the database's now. */
export async function insertRefreshToken(tx: Tx, token: NewRefreshToken): Promise<void> {
  await tx
    .insertInto('refresh_tokens')
    .values({
      token_hash: token.tokenHash,
      session_id: token.sessionId,
      key_id: token.keyId,
      expires_at: sql<Date>`now() + make_interval(secs => ${token.ttlSeconds})`,
    })
    .execute();
}

/** The session of a refresh token in whatever state, by the hashes under which it may be kept. */
export function findSessionOfToken(
  db: Db,
  tokenHashes: readonly Uint8Array[],
): Promise<SessionRow | undefined> {
  return db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .selectAll('sessions')
    .where('refresh_tokens.token_hash', 'in', tokenHashes)
    .executeTakeFirst();
}

/** Locks a session's row, and with it its family of refresh tokens, until the transaction ends. */
export function lockSession(tx: Tx, sessionId: string): Promise<SessionRow | undefined> {
  return tx.selectFrom('sessions').selectAll().where('id', '=', sessionId).forUpdate().executeTakeFirst();
}

/** A refresh token with what the database's clock says about it. */
export type TimedRefreshToken = RefreshTokenRow & {
  readonly is_expired: boolean;
  /** True if it was used, and no longer ago than the given time. */
  readonly is_freshly_used: boolean;
};

/** The refresh token, by the hashes under which it may be kept. */
export function findRefreshToken(
  db: Db,
  tokenHashes: readonly Uint8Array[],
  freshSeconds: number,
): Promise<TimedRefreshToken | undefined> {
  return db
    .selectFrom('refresh_tokens')
    .selectAll()
    .select([
      sql<boolean>`expires_at <= now()`.as('is_expired'),
      // clock_timestamp: the transaction may have begun before the one that used the token ended.
      sql<boolean>`coalesce(used_at + make_interval(secs => ${freshSeconds}) > clock_timestamp(), false)`.as(
        'is_freshly_used',
      ),
    ])
    .where('token_hash', 'in', tokenHashes)
    .executeTakeFirst();
}

/** Marks a refresh token as used. */
export async function spendRefreshToken(tx: Tx, tokenHash: Uint8Array): Promise<void> {
  await tx
    .updateTable('refresh_tokens')
    .set({ used_at: sql<Date>`clock_timestamp()` })
    .where('token_hash', '=', tokenHash)
    .execute();
}

/** Notes that a session was used. @returns the database's time. */
export async function touchSession(tx: Tx, sessionId: string, addressPrefix: string): Promise<Date> {
  const { last_used_at } = await tx
    .updateTable('sessions')
    .set({ last_used_at: sql<Date>`now()`, address_prefix: addressPrefix })
    .where('id', '=', sessionId)
    .returning('last_used_at')
    .executeTakeFirstOrThrow();
  return last_used_at;
}

/** Ends one session of the user. @returns false if there is no such session, or it has ended. */
export async function revokeSessionRow(
  db: Db,
  ref: { readonly sessionId: string; readonly userId: string },
  reason: RevokedReason,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sessions')
    .set({ revoked_at: sql<Date>`now()`, revoked_reason: reason })
    .where('id', '=', ref.sessionId)
    .where('user_id', '=', ref.userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Ends every session of the user but one. @param exceptSessionId undefined ends all. @returns how many. */
export async function revokeSessionRows(
  db: Db,
  userId: string,
  reason: RevokedReason,
  exceptSessionId?: string,
): Promise<number> {
  let update = db
    .updateTable('sessions')
    .set({ revoked_at: sql<Date>`now()`, revoked_reason: reason })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null);
  if (exceptSessionId !== undefined) update = update.where('id', '<>', exceptSessionId);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The user's sessions that can still be refreshed, newest use first. */
export function listLiveSessions(
  db: Db,
  userId: string,
  refreshTtlSeconds: number,
): Promise<readonly SessionRow[]> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`last_used_at + make_interval(secs => ${refreshTtlSeconds}) > now()`)
    .orderBy('last_used_at', 'desc')
    .orderBy('id')
    .execute();
}

/** Removes sessions that have been of no use for longer than `seconds`, with their tokens. @returns how many. */
export async function removeOldSessions(db: Db, seconds: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where(sql<boolean>`last_used_at + make_interval(secs => ${seconds}) < now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Removes spent and unspent refresh tokens that expired longer ago than `seconds`. @returns how many. */
export async function removeOldRefreshTokens(db: Db, seconds: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('refresh_tokens')
    .where(sql<boolean>`expires_at + make_interval(secs => ${seconds}) < now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
