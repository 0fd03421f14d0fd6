/** @file Where a request comes from, for the audit log. */
import type { FastifyRequest } from 'fastify';
import { addressPrefix } from '../lib/address-prefix.ts';
import type { RequestOrigin } from '../lib/request-origin.ts';
import { findActor, findApiKeyActor } from './actor.ts';

/** Where this request comes from. */
export function originOf(request: FastifyRequest): RequestOrigin {
  const actor = findActor(request);
  const apiKey = findApiKeyActor(request);
  return {
    userId: actor?.userId ?? apiKey?.userId ?? null,
    sessionId: actor?.sessionId ?? null,
    ...(apiKey === undefined ? {} : { apiKeyId: apiKey.apiKeyId }),
    addressPrefix: addressPrefix(request.ip),
    // PostgreSQL writes UUIDs in lower case, and the hash is over what it gives back.
    requestId: request.id.toLowerCase(),
  };
}
