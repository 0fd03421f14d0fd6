/** @file Lets a request into a route with `auth: 'session'` only with a live session's access token. */
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

/** Guards every route below `app` that is not declared open; the body is not read before. */
export function registerSessionGuard(app: FastifyInstance, authenticate: Authenticate): void {
  app.addHook('onRequest', async (request) => {
    if (contractOf(request)?.auth !== 'session') return;
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new ServiceError('invalid-token');
    setActor(request, await authenticate(token));
  });
}

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1), if it is one. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}
