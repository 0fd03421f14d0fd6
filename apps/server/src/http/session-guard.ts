/**
 * @file Lets a request into a route with `auth: 'session'` only with a live session's access token, and
 * only if its role allows what the route asks.
 */
import type { Permission } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';
import { type Actor, setActor } from './actor.ts';
import { contractOf } from './contract-route.ts';

/**
 * Finds who an access token speaks for.
 *
 * @throws {ServiceError} `invalid-token`.
 */
export type Authenticate = (accessToken: string) => Promise<Actor>;

/** Who comes in, and what for. */
export interface SessionGuard {
  readonly authenticate: Authenticate;
  /** True if a role allows something. */
  isPermitted(role: Actor['role'], permission: Permission): boolean;
}

/** Guards every route below `app` that is not declared open; neither path, query nor body is read before. */
export function registerSessionGuard(app: FastifyInstance, guard: SessionGuard): void {
  app.addHook('onRequest', async (request) => {
    const contract = contractOf(request);
    if (contract?.auth !== 'session') return;
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new ServiceError('invalid-token');
    const actor = await guard.authenticate(token);
    const { permission } = contract;
    if (permission !== undefined && !guard.isPermitted(actor.role, permission))
      throw new ServiceError('insufficient-permission');
    setActor(request, actor);
  });
}

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1), if it is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}
