/** @file Sessions: who a token speaks for. */
import type { Db, UserRow } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { AccessTokens } from './access-token.ts';
import { findLiveSession } from './store.ts';

/** What sessions need. */
export interface SessionsDeps {
  readonly db: Db;
  readonly accessTokens: AccessTokens;
}

/** Who an access token speaks for. */
export interface SessionActor {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: UserRow['role'];
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/**
 * Finds who an access token speaks for. The session's row is read each time, so that a revoked
 * session, an inactive user and a changed role end at once, not at expiry.
 *
 * @param accessToken untrusted.
 * @throws {ServiceError} `invalid-token`.
 */
export async function authenticateAccess(deps: SessionsDeps, accessToken: string): Promise<SessionActor> {
  const claims = await deps.accessTokens.read(accessToken);
  if (claims === undefined || !UUID.test(claims.sessionId) || !UUID.test(claims.userId))
    throw new ServiceError('invalid-token');
  const session = await findLiveSession(deps.db, claims.sessionId, claims.userId);
  if (session === undefined || session.role !== claims.role) throw new ServiceError('invalid-token');
  if (session.now.getTime() >= claims.expiresAt * 1000) throw new ServiceError('invalid-token');
  return { userId: session.user_id, sessionId: session.session_id, role: session.role };
}
