/**
 * @file Trading a refresh token for a new pair.
 * [Note: Rotation] The session's row is the family of its tokens. It is locked first, and what to do is
 * decided under that lock, so that of any number of parallel uses one wins; a replay is answered by one
 * flag on that row. "Update where unused, else revoke" without the lock deadlocks under load and can
 * leave a live token behind.
 */
import type { Tx } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { findUserLater } from '../users/service.ts';
import type { MadeRefreshToken } from './refresh-token.ts';
import type { SessionsDeps, TokenPair } from './service.ts';
import {
  findRefreshToken,
  insertRefreshToken,
  lockSessionOfToken,
  revokeSessionRow,
  spendRefreshToken,
  type TimedRefreshToken,
  touchSession,
} from './store.ts';

/** How long the same retry gets the same successor. */
const RETRY_SECONDS = 30;

/** A refresh token that was presented, and how. */
export interface Presented {
  /** Untrusted. */
  readonly token: string;
  readonly transport: 'body' | 'cookie';
  readonly idempotencyKey: string | undefined;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

type Outcome =
  | { readonly kind: 'renewed'; readonly pair: TokenPair }
  | { readonly kind: 'refused' }
  | { readonly kind: 'reused'; readonly sessionId: string; readonly userId: string };

/**
 * Trades a refresh token for a new pair.
 *
 * @throws {ServiceError} `invalid-token`; if the token was spent before, its session has then ended.
 */
export async function refreshSession(deps: SessionsDeps, presented: Presented): Promise<TokenPair> {
  const hashes = deps.refreshTokens.hashesOf(presented.token);
  const outcome = await deps.db.transaction().execute((tx) => decide(deps, tx, { ...presented, hashes }));
  if (outcome.kind === 'renewed') return outcome.pair;
  if (outcome.kind === 'reused')
    deps.events.securityViolation('refresh token reuse', {
      session_id: outcome.sessionId,
      user_id: outcome.userId,
      address_prefix: presented.addressPrefix,
    });
  throw new ServiceError('invalid-token');
}

interface Located extends Presented {
  readonly hashes: readonly Uint8Array[];
}

const REFUSED: Outcome = { kind: 'refused' };

async function decide(deps: SessionsDeps, tx: Tx, presented: Located): Promise<Outcome> {
  const session = await lockSessionOfToken(tx, presented.hashes);
  if (session === undefined || session.revoked_at !== null) return REFUSED;
  if (session.transport !== presented.transport) return REFUSED;
  // Read, not locked: a rekey locks the user first and then this row, and revokes it after us.
  const findingUser = await findUserLater(tx, session.user_id);
  const token = await findRefreshToken(tx, presented.hashes, RETRY_SECONDS);
  const user = await findingUser();
  if (user === undefined || !user.is_active || token === undefined) return REFUSED;

  const successor =
    token.used_at === null
      ? await spend(deps, tx, token, presented)
      : await repeat(deps, tx, token, presented);
  if (successor === 'expired') return REFUSED;
  if (successor === 'reused') {
    await revokeSessionRow(tx, { sessionId: session.id, userId: user.id }, 'refresh-reuse');
    await presented.trail.record(tx, {
      action: 'refresh-reuse',
      outcome: 'failure',
      subject: { userId: user.id },
      sessionId: session.id,
    });
    return { kind: 'reused', sessionId: session.id, userId: user.id };
  }
  await touchSession(tx, session.id, presented.addressPrefix);
  const accessToken = await deps.accessTokens.sign(
    { userId: user.id, sessionId: session.id, role: user.role },
    token.now,
  );
  return { kind: 'renewed', pair: { accessToken, refreshToken: successor.token } };
}

/** Spends a token that is unspent. */
async function spend(
  deps: SessionsDeps,
  tx: Tx,
  token: TimedRefreshToken,
  { token: text, idempotencyKey }: Presented,
): Promise<MadeRefreshToken | 'expired'> {
  if (token.is_expired) return 'expired';
  const derived =
    idempotencyKey === undefined
      ? undefined
      : deps.refreshTokens.deriveSuccessor(text, idempotencyKey, token.key_id);
  const successor = derived ?? deps.refreshTokens.make();
  await spendRefreshToken(tx, token.token_hash);
  await insertRefreshToken(tx, {
    sessionId: token.session_id,
    tokenHash: successor.tokenHash,
    keyId: successor.keyId,
    ttlSeconds: deps.refreshTtlSeconds,
    sessionTtlSeconds: deps.sessionTtlSeconds,
  });
  return successor;
}

/** Looks at a token that was spent before: the same request again soon, or a replay. */
async function repeat(
  deps: SessionsDeps,
  tx: Tx,
  token: TimedRefreshToken,
  { token: text, idempotencyKey }: Presented,
): Promise<MadeRefreshToken | 'reused'> {
  if (idempotencyKey === undefined || !token.is_freshly_used) return 'reused';
  // With another key than the first time it comes to a token that was never given out.
  const successor = deps.refreshTokens.deriveSuccessor(text, idempotencyKey, token.key_id);
  if (successor === undefined) return 'reused';
  // Who has used the successor has received it, and has no reason to ask again.
  const hashes = deps.refreshTokens.hashesOf(successor.token);
  const kept = await findRefreshToken(tx, hashes, RETRY_SECONDS);
  return kept === undefined || kept.used_at !== null ? 'reused' : successor;
}
