/** @file Sessions: who a token speaks for, opening and ending them. */
import type { Session } from '@zkvault/contract';
import type { Db, SessionRow, Tx, UserRow } from '../../db/schema.ts';
import type { SecurityEvents } from '../../lib/security-events.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { makeUuid7 } from '../../lib/uuid.ts';
import type { Audit, Trail } from '../audit/service.ts';
import type { AccessTokens } from './access-token.ts';
import type { RefreshTokens } from './refresh-token.ts';
import {
  findReuseSinceLogin,
  findSessionOfToken,
  insertRefreshToken,
  insertSession,
  isSessionLive,
  listLiveSessions,
  type NewSession,
  removeOldRefreshTokens,
  removeOldSessions,
  revokeEverySessionRow,
  revokeSessionRow,
  revokeSessionRows,
} from './store.ts';

/** What sessions need. */
export interface SessionsDeps {
  readonly db: Db;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly refreshTtlSeconds: number;
  /** From the login on; no refresh token outlives it. */
  readonly sessionTtlSeconds: number;
  readonly events: SecurityEvents;
  readonly audit: Audit;
}

/** Who an access token speaks for. */
export interface SessionActor {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: UserRow['role'];
}

/** Whom an access token claims to speak for, until its session is found to be good. */
export interface ClaimedActor extends SessionActor {
  /** Seconds since the epoch, by the database's clock. */
  readonly expiresAt: number;
}

/** Both tokens of a session, as the client gets them. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/**
 * Finds who an access token claims to speak for. Whether its session is still good is not known yet.
 *
 * @param accessToken untrusted.
 * @throws {ServiceError} `invalid-token`.
 */
export async function readClaim(accessTokens: AccessTokens, accessToken: string): Promise<ClaimedActor> {
  const claims = await accessTokens.read(accessToken);
  if (claims === undefined) throw new ServiceError('invalid-token');
  return claims;
}

/**
 * Proves a claim. The session's row is read each time, so that a revoked session, an inactive user and a
 * changed role end at once, not at expiry.
 *
 * @throws {ServiceError} `invalid-token`.
 */
export async function proveClaim(db: Db, claim: ClaimedActor): Promise<void> {
  if (!(await isSessionLive(db, claim))) throw new ServiceError('invalid-token');
}

async function authenticateAccess(
  { db, accessTokens }: Pick<SessionsDeps, 'db' | 'accessTokens'>,
  accessToken: string,
): Promise<SessionActor> {
  const claim = await readClaim(accessTokens, accessToken);
  await proveClaim(db, claim);
  return claim;
}

/** How far the clocks of a server and its database may be apart before a token counts as expired too early. */
const CLOCK_LEEWAY_SECONDS = 60;

/**
 * The session that an access token names, from its signature alone: good enough to count requests by, not
 * to let anybody in. An expired token names none, or every login would leave something to count under.
 *
 * @param accessToken untrusted.
 */
export async function namedSession(
  accessTokens: AccessTokens,
  accessToken: string,
): Promise<string | undefined> {
  const claims = await accessTokens.read(accessToken);
  if (claims === undefined || Date.now() / 1_000 > claims.expiresAt + CLOCK_LEEWAY_SECONDS) return undefined;
  return claims.sessionId;
}

/**
 * Opens a session for a user whose credential has been checked in this transaction.
 *
 * @returns also when a used refresh token was used again, if that was since the session opened before.
 */
export async function openSession(
  deps: SessionsDeps,
  tx: Tx,
  user: Pick<UserRow, 'id' | 'role'>,
  device: Pick<NewSession, 'deviceId' | 'deviceName' | 'transport' | 'addressPrefix'>,
): Promise<TokenPair & { readonly sessionId: string; readonly lastSecurityViolationAt: string | null }> {
  const reusedAt = await findReuseSinceLogin(tx, user.id);
  const session = await insertSession(tx, { ...device, id: makeUuid7(), userId: user.id });
  const refreshToken = deps.refreshTokens.make();
  await insertRefreshToken(tx, {
    sessionId: session.id,
    tokenHash: refreshToken.tokenHash,
    keyId: refreshToken.keyId,
    ttlSeconds: deps.refreshTtlSeconds,
    sessionTtlSeconds: deps.sessionTtlSeconds,
  });
  const claims = { userId: user.id, sessionId: session.id, role: user.role };
  const accessToken = await deps.accessTokens.sign(claims, session.created_at);
  return {
    sessionId: session.id,
    accessToken,
    refreshToken: refreshToken.token,
    lastSecurityViolationAt: (await reusedAt())?.toISOString() ?? null,
  };
}

/** Tokens that were presented for a logout; each is untrusted and may be absent. */
export interface LogoutTokens {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly cookieToken: string | undefined;
}

/** Ends the sessions that the tokens belong to. Tokens that belong to none are passed over. */
export async function endSessions(deps: SessionsDeps, tokens: LogoutTokens, trail: Trail): Promise<void> {
  for (const { sessionId, userId } of await sessionsOf(deps, tokens))
    await deps.db.transaction().execute(async (tx) => {
      if (!(await revokeSessionRow(tx, { sessionId, userId }, 'logout'))) return;
      const by = { subject: { userId }, actorId: userId, sessionId };
      await trail.record(tx, { action: 'logout', outcome: 'success', ...by });
    });
}

/** Ends every session of the accounts that the tokens belong to. */
export async function endAllSessions(deps: SessionsDeps, tokens: LogoutTokens, trail: Trail): Promise<void> {
  for (const { sessionId, userId } of await sessionsOf(deps, tokens))
    await deps.db.transaction().execute(async (tx) => {
      const ended = await revokeSessionRows(tx, userId, 'logout');
      if (ended === 0) return;
      const by = { subject: { userId }, actorId: userId, sessionId };
      await trail.record(tx, { action: 'logout-all', outcome: 'success', ...by, details: { ended } });
    });
}

/** Ends every session of an account but one, because its credential has changed. @returns how many. */
export function endOtherSessions(tx: Tx, actor: Pick<SessionActor, 'userId' | 'sessionId'>): Promise<number> {
  return revokeSessionRows(tx, actor.userId, 'rekey', actor.sessionId);
}

/** Ends every session of an account that may not go on. */
export function endSessionsOfUser(tx: Tx, userId: string): Promise<number> {
  return revokeSessionRows(tx, userId, 'revoked');
}

async function sessionsOf(
  deps: SessionsDeps,
  tokens: LogoutTokens,
): Promise<readonly Pick<SessionActor, 'userId' | 'sessionId'>[]> {
  const found: Pick<SessionActor, 'userId' | 'sessionId'>[] = [];
  const byAccess = await actorOrNobody(deps, tokens.accessToken);
  if (byAccess !== undefined) found.push(byAccess);
  for (const [token, transport] of [
    [tokens.refreshToken, 'body'],
    [tokens.cookieToken, 'cookie'],
  ] as const) {
    if (token === undefined) continue;
    const session = await findSessionOfToken(deps.db, deps.refreshTokens.hashesOf(token));
    if (session?.revoked_at === null && session.transport === transport)
      found.push({ userId: session.user_id, sessionId: session.id });
  }
  return found;
}

async function actorOrNobody(
  deps: SessionsDeps,
  accessToken: string | undefined,
): Promise<SessionActor | undefined> {
  if (accessToken === undefined) return undefined;
  try {
    return await authenticateAccess(deps, accessToken);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'invalid-token') return undefined;
    throw error;
  }
}

/** The sessions of the caller, newest use first. */
export async function listSessions(deps: SessionsDeps, actor: SessionActor): Promise<Session[]> {
  const rows = await listLiveSessions(deps.db, actor.userId, deps.refreshTtlSeconds);
  return rows.map((row) => toSession(row, actor.sessionId));
}

function toSession(row: SessionRow, currentId: string): Session {
  return {
    id: row.id,
    device: { id: row.device_id, name: row.device_name },
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    addressPrefix: row.address_prefix,
    current: row.id === currentId,
  };
}

/**
 * Ends one session of the caller.
 *
 * @throws {ServiceError} `session-not-found` if it is not there, has ended, or is another user's.
 */
export async function revokeSession(
  deps: Pick<SessionsDeps, 'db'>,
  ref: Pick<SessionActor, 'userId' | 'sessionId'>,
  trail: Trail,
): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    if (!(await revokeSessionRow(tx, ref, 'revoked'))) throw new ServiceError('session-not-found');
    await trail.record(tx, {
      action: 'session-revoked',
      outcome: 'success',
      subject: { userId: ref.userId },
      resource: { type: 'session', id: ref.sessionId },
    });
  });
}

/** Ends every session of everybody: after the database went back in time, none of them is known to be good. */
export function endEverySession(tx: Tx): Promise<void> {
  return revokeEverySessionRow(tx, 'revoked');
}

/** How long a session that can no longer be refreshed is kept for the record. */
const KEEP_SECONDS = 30 * 86_400;

/** Removes sessions and refresh tokens that nobody can use any more. @returns how many rows. */
export async function removeExpiredSessions(
  deps: Pick<SessionsDeps, 'db' | 'refreshTtlSeconds'>,
): Promise<number> {
  const sessions = await removeOldSessions(deps.db, deps.refreshTtlSeconds + KEEP_SECONDS);
  return sessions + (await removeOldRefreshTokens(deps.db, KEEP_SECONDS));
}
