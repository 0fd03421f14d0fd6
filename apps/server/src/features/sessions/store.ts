/** @file SQL of sessions and their refresh tokens. One function, one statement. */
import { type Selectable, sql } from 'kysely';
import { claimParameters, LIVE_SESSION, type SessionClaim } from '../../db/live-session.ts';
import type { Db, RefreshTokensTable, SessionRow, Tx } from '../../db/schema.ts';
import { deferredStatement, statement } from '../../db/statement.ts';

/** A refresh token as it is kept. */
export type RefreshTokenRow = Selectable<RefreshTokensTable>;

/** Why a session ended. */
export type RevokedReason = 'logout' | 'revoked' | 'rekey' | 'refresh-reuse';

const liveSession = statement<unknown>(`select where ${LIVE_SESSION}`, 'quick');

/** True if the session of a token is still good. */
export async function isSessionLive(db: Db, claim: SessionClaim): Promise<boolean> {
  return (await liveSession(db, claimParameters(claim))).length > 0;
}

const reuseSinceLogin = deferredStatement<{ readonly reused_at: Date | null }>(
  `select max(revoked_at) filter (where revoked_reason = 'refresh-reuse' and revoked_at >= newest) as reused_at
   from (select *, max(created_at) over () as newest from sessions where user_id = $1) as own`,
);

/**
 * When a session of the user last ended by a reuse of a refresh token, if none was opened since.
 *
 * @returns says it, once a later statement was awaited.
 */
export async function findReuseSinceLogin(tx: Tx, userId: string): Promise<() => Promise<Date | null>> {
  const rows = await reuseSinceLogin(tx, [userId]);
  return async () => (await rows())[0]?.reused_at ?? null;
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
  /** How long the session lasts from its login. */
  readonly sessionTtlSeconds: number;
}

const keepRefreshToken = statement(
  `insert into refresh_tokens (token_hash, session_id, key_id, expires_at)
   values ($1, $2, $3, least(
     now() + make_interval(secs => $4),
     (select created_at from sessions where id = $2) + make_interval(secs => $5)
   ))`,
  'unawaited',
);

/** Inserts a refresh token that expires `ttlSeconds` after the database's now, or with its session if that is sooner. */
export async function insertRefreshToken(tx: Tx, token: NewRefreshToken): Promise<void> {
  const { tokenHash, sessionId, keyId, ttlSeconds, sessionTtlSeconds } = token;
  await keepRefreshToken(tx, [tokenHash, sessionId, keyId, ttlSeconds, sessionTtlSeconds]);
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

const lockOfToken = statement<SessionRow>(
  `select * from sessions
   where id in (select session_id from refresh_tokens where token_hash = any($1::bytea[])) for update`,
);

/**
 * Locks the session of a refresh token in whatever state, and with it the whole family of its tokens, until the
 * transaction ends.
 *
 * @param tokenHashes those under which the token may be kept.
 */
export async function lockSessionOfToken(
  tx: Tx,
  tokenHashes: readonly Uint8Array[],
): Promise<SessionRow | undefined> {
  const [session] = await lockOfToken(tx, [tokenHashes]);
  return session;
}

/** A refresh token with what the database's clock says about it. */
export type TimedRefreshToken = RefreshTokenRow & {
  readonly is_expired: boolean;
  /** True if it was used, and no longer ago than the given time. */
  readonly is_freshly_used: boolean;
  /** When the transaction began. */
  readonly now: Date;
};

const timedToken = statement<TimedRefreshToken>(
  // clock_timestamp: the transaction may have begun before the one that used the token ended.
  `select *,
     expires_at <= now() as is_expired,
     coalesce(used_at + make_interval(secs => $2) > clock_timestamp(), false) as is_freshly_used,
     now()::timestamptz(3) as now
   from refresh_tokens where token_hash = any($1::bytea[])`,
);

/** The refresh token, by the hashes under which it may be kept. */
export async function findRefreshToken(
  db: Db,
  tokenHashes: readonly Uint8Array[],
  freshSeconds: number,
): Promise<TimedRefreshToken | undefined> {
  const [token] = await timedToken(db, [tokenHashes, freshSeconds]);
  return token;
}

const markSpent = statement(
  'update refresh_tokens set used_at = clock_timestamp() where token_hash = $1',
  'unawaited',
);

/** Marks a refresh token as used. */
export async function spendRefreshToken(tx: Tx, tokenHash: Uint8Array): Promise<void> {
  await markSpent(tx, [tokenHash]);
}

const touch = statement(
  'update sessions set last_used_at = now(), address_prefix = $2 where id = $1',
  'unawaited',
);

/** Notes that a session was used. */
export async function touchSession(tx: Tx, sessionId: string, addressPrefix: string): Promise<void> {
  await touch(tx, [sessionId, addressPrefix]);
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

/** Ends every session of everybody. */
export async function revokeEverySessionRow(db: Db, reason: RevokedReason): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ revoked_at: sql<Date>`now()`, revoked_reason: reason })
    .where('revoked_at', 'is', null)
    .execute();
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
