/**
 * @file Lets a request into a route that is not open only with a live session's access token or, where the
 * route's contract says so, with an API key of the right scope, and only if the role of the account allows
 * what the route asks.
 */
import type { Permission, RouteContract } from '@zkvault/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';
import {
  type Actor,
  type ApiKeyActor,
  type ClaimedActor,
  setActor,
  setApiKeyActor,
  setClaim,
} from './actor.ts';
import { apiKeyCredential, exposesKeyHalf } from './api-key-header.ts';
import { contractOf, provesClaim } from './contract-route.ts';

/**
 * Finds out who asks with an access token.
 *
 * [Note: Claims] A token claims; the database proves. Nearly every route asks it before anything else. A route
 * that `provesClaim` asks in the statement with which it reads, and saves one: until then the caller is whom the
 * token names, and any answer that is not the statement's own (a refusal, an error) waits for the proof.
 */
export interface Authentication {
  /** @param accessToken untrusted. @throws {ServiceError} `invalid-token`: this server did not sign it. */
  readClaim(accessToken: string): Promise<ClaimedActor>;
  /** @throws {ServiceError} `invalid-token`: the session has ended, or the token has expired. */
  proveClaim(claim: ClaimedActor): Promise<void>;
}

/** The holder of an API key. */
export interface GuardedApiKey extends ApiKeyActor {
  readonly role: Actor['role'];
  readonly scopes: readonly string[];
  readonly rateLimit: number | null;
}

/** Who comes in with an access token, and what for. */
export interface PermissionGuard {
  readonly authentication: Authentication;
  /** True if a role allows something. */
  isPermitted(role: Actor['role'], permission: Permission): boolean;
}

/** Who comes in, with whatever. */
export interface SessionGuard extends PermissionGuard {
  /** Finds who holds an API key. @throws {ServiceError} `invalid-api-key`. */
  authenticateApiKey(credential: string): Promise<GuardedApiKey>;
  /** Counts a request of an API key that was not counted as one yet. @throws {ServiceError} `rate-limited`. */
  countApiKey(request: FastifyRequest, reply: FastifyReply, apiKey: GuardedApiKey): Promise<void>;
  /** Called for a request that held the half of an API key that opens the vaults. */
  onKeyHalf(request: FastifyRequest): void;
}

/**
 * Guards every route below `app` that is not declared open; neither path, query nor body is read before, but for
 * routes that prove a claim themselves: [Note: Claims].
 */
export function registerSessionGuard(app: FastifyInstance, guard: SessionGuard): void {
  app.addHook('onRequest', async (request, reply) => {
    if (exposesKeyHalf(request)) {
      guard.onKeyHalf(request);
      throw new ServiceError('api-key-half-exposed');
    }
    const contract = contractOf(request);
    if (contract === undefined || contract.auth === 'none') return;
    const credential = apiKeyCredential(request);
    if (contract.auth === 'api-key' || credential !== undefined)
      await letApiKeyIn(guard, request, reply, contract);
    else await letSessionIn(guard, request, contract.permission, provesClaim(request));
  });
}

/** Guards what is no route of the contract: pages that not everybody may read. */
export function permissionCheck(
  guard: PermissionGuard,
  permission: Permission,
): (request: FastifyRequest) => Promise<void> {
  return (request) => letSessionIn(guard, request, permission, false);
}

async function letSessionIn(
  guard: PermissionGuard,
  request: FastifyRequest,
  permission: Permission | undefined,
  isProvenLater: boolean,
): Promise<void> {
  const token = bearerToken(request.headers.authorization);
  if (token === undefined) throw new ServiceError('invalid-token');
  const claim = await guard.authentication.readClaim(token);
  if (isProvenLater) setClaim(request, claim);
  else {
    await guard.authentication.proveClaim(claim);
    setActor(request, claim);
  }
  assertPermitted(guard, request, claim, permission);
}

async function letApiKeyIn(
  guard: SessionGuard,
  request: FastifyRequest,
  reply: FastifyReply,
  { auth, apiKeyScope, permission }: RouteContract,
): Promise<void> {
  if (auth === 'session' && apiKeyScope === undefined) throw new ServiceError('invalid-token');
  const credential = apiKeyCredential(request);
  // Two ways in at once leave open which of them was meant.
  if (credential === undefined || request.headers.authorization !== undefined)
    throw new ServiceError('invalid-api-key');
  const apiKey = await guard.authenticateApiKey(credential);
  await guard.countApiKey(request, reply, apiKey);
  if (apiKeyScope !== undefined && !apiKey.scopes.includes(apiKeyScope))
    throw new ServiceError('insufficient-scope');
  setApiKeyActor(request, apiKey);
  assertPermitted(guard, request, apiKey, permission);
}

function assertPermitted(
  guard: PermissionGuard,
  request: FastifyRequest,
  { userId, role }: Pick<Actor, 'userId' | 'role'>,
  permission: Permission | undefined,
): void {
  if (permission === undefined || guard.isPermitted(role, permission)) return;
  request.log.warn(
    {
      event: 'authorization_event',
      user_id: userId,
      role,
      resource: request.routeOptions.url,
      action: permission,
      granted: false,
    },
    'permission refused',
  );
  throw new ServiceError('insufficient-permission');
}

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1), if it is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}
