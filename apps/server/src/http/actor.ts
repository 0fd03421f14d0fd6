/** @file Who asks: the session of a request's access token, or the API key that it shows. */
import type { FastifyRequest } from 'fastify';
import type { SessionRow, UserRow } from '../db/schema.ts';

/** The caller of a route with `auth: 'session'` that came with an access token. */
export interface Actor {
  readonly userId: SessionRow['user_id'];
  readonly sessionId: SessionRow['id'];
  readonly role: UserRow['role'];
}

/** The caller of a route that came with an API key. */
export interface ApiKeyActor {
  readonly userId: UserRow['id'];
  readonly apiKeyId: string;
  /** The one vault the key is for; undefined for all of the account. */
  readonly onlyVaultId: string | undefined;
}

/** The account that a request speaks for, by session or API key. */
export interface Caller {
  readonly userId: UserRow['id'];
  /** The one vault it may touch; undefined for all of the account. */
  readonly onlyVaultId: string | undefined;
}

/** Whom an access token claims to speak for, its signature verified and nothing else. */
export interface ClaimedActor extends Actor {
  /** Seconds since the epoch after which the token is void, by the database's clock. */
  readonly expiresAt: number;
}

const claims = new WeakMap<FastifyRequest, ClaimedActor>();
const actors = new WeakMap<FastifyRequest, Actor>();
const apiKeyActors = new WeakMap<FastifyRequest, ApiKeyActor>();

/** Notes who asks; the session guard does so before anything of the body is read. */
export function setActor(request: FastifyRequest, actor: Actor): void {
  actors.set(request, actor);
}

/**
 * Notes who claims to ask. Until the claim is proven the request may be prepared, and nothing be told or done:
 * [Note: Claims].
 */
export function setClaim(request: FastifyRequest, claim: ClaimedActor): void {
  actors.set(request, claim);
  claims.set(request, claim);
}

/** The claim that is still to be proven; undefined if there is none. */
export function claimOf(request: FastifyRequest): ClaimedActor | undefined {
  return claims.get(request);
}

/** Notes that the claim of this request holds. */
export function markProven(request: FastifyRequest): void {
  claims.delete(request);
}

/** Notes whose API key asks. */
export function setApiKeyActor(request: FastifyRequest, actor: ApiKeyActor): void {
  apiKeyActors.set(request, actor);
}

/** The caller of this request; undefined where its contract does not ask for one, or an API key asks. */
export function findActor(request: FastifyRequest): Actor | undefined {
  return actors.get(request);
}

/** The API key that asks; undefined where none does. */
export function findApiKeyActor(request: FastifyRequest): ApiKeyActor | undefined {
  return apiKeyActors.get(request);
}

/**
 * The caller of this request, where only a session may ask.
 *
 * @throws {TypeError} the route's contract does not ask for a session, or lets API keys ask as well: a mistake
 *   in the route.
 */
export function actorOf(request: FastifyRequest): Actor {
  const actor = actors.get(request);
  if (actor === undefined) throw new TypeError('this route has no actor: its contract does not ask for one');
  return actor;
}

/** The API key that asks. @throws {TypeError} the route's contract does not ask for one. */
export function apiKeyActorOf(request: FastifyRequest): ApiKeyActor {
  const actor = apiKeyActors.get(request);
  if (actor === undefined)
    throw new TypeError('this route has no API key: its contract does not ask for one');
  return actor;
}

/** The account that asks, where an API key may ask as well as a session. @throws {TypeError} nobody asks. */
export function callerOf(request: FastifyRequest): Caller {
  const byKey = apiKeyActors.get(request);
  if (byKey !== undefined) return { userId: byKey.userId, onlyVaultId: byKey.onlyVaultId };
  return { userId: actorOf(request).userId, onlyVaultId: undefined };
}
