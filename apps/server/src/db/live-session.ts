/**
 * @file Whether the session of an access token is still good, as SQL: a statement of its own asks it before a
 * route runs, or the one statement of a route asks it together with what it reads.
 */

/** What an access token says, its signature verified: the rest is for the database to say. */
export interface SessionClaim {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: string;
  /** Seconds since the epoch after which the token is void, by the database's clock. */
  readonly expiresAt: number;
}

/**
 * True exactly if the session is not revoked, its user is active and has the role of the token still, and the
 * token has not expired. It takes the parameters `$1` to `$4`: {@link claimParameters}. Two questions cost
 * half as much as a join.
 */
export const LIVE_SESSION = `
  exists (
    select from sessions
    where id = $1 and user_id = $2 and revoked_at is null and now() < to_timestamp($4)
  )
  and exists (select from users where id = $2 and is_active and role = $3)`;

/** The parameters of {@link LIVE_SESSION}. */
export function claimParameters(claim: SessionClaim): readonly [string, string, string, number] {
  return [claim.sessionId, claim.userId, claim.role, claim.expiresAt];
}
