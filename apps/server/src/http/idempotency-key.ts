/** @file What a request says of itself that wishes to be carried out once. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type ClaimedActor, callerOf, claimOf, findApiKeyActor } from './actor.ts';
import { contractOf } from './contract-route.ts';

const digests = new WeakMap<FastifyRequest, Uint8Array>();

/** Notes the body of a request as it came, if it has a key. */
export function noteBody(request: FastifyRequest, body: Uint8Array): void {
  if (request.headers['idempotency-key'] === undefined) return;
  digests.set(request, new Uint8Array(createHash('sha256').update(body).digest()));
}

/**
 * This request, as one of its account that may come again. The same request is the same operation on the
 * same path with the same bytes.
 *
 * @throws {TypeError} the route has no contract: a mistake in the route.
 */
export function writeOf(request: FastifyRequest): {
  readonly userId: string;
  readonly claim: ClaimedActor | undefined;
  readonly operation: string;
  readonly key: string | undefined;
  readonly content: readonly (string | Uint8Array)[];
} {
  const contract = contractOf(request);
  if (contract === undefined) throw new TypeError('a write that is done once needs a contract');
  const key = request.headers['idempotency-key'];
  // What one API key has sent is not repeated for another, nor for a session: they may not be for the same vaults.
  const apiKey = findApiKeyActor(request);
  return {
    userId: callerOf(request).userId,
    claim: claimOf(request),
    operation: contract.operationId,
    key: typeof key === 'string' ? key : undefined,
    content: [
      request.url,
      digests.get(request) ?? new Uint8Array(0),
      ...(apiKey === undefined ? [] : [apiKey.apiKeyId]),
    ],
  };
}
