/** @file Which pages may call the API: those of its own origin, and those the operator named. */
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';

/** What pages of other origins may do. */
export interface AllowedCalls {
  readonly allowCredentials: boolean;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
}

/** Lets the pages of other origins read answers (CORS). With an empty list nothing is added. */
export async function registerCrossOrigin(
  app: FastifyInstance,
  origins: readonly string[],
  allowed: AllowedCalls,
): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    credentials: allowed.allowCredentials,
    methods: [...allowed.allowMethods],
    allowedHeaders: [...allowed.allowHeaders],
    exposedHeaders: ['etag', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    maxAge: 600,
    strictPreflight: false,
  });
}

/**
 * Makes sure that a request which rests on a cookie was made by a page that may make it. Browsers send
 * `Origin` with every POST; a request without one is refused.
 *
 * @throws {ServiceError} `origin-refused`.
 */
export function assertOwnOrigin(request: FastifyRequest, origins: readonly string[]): void {
  const { origin } = request.headers;
  const isOwn = origin === `${request.protocol}://${request.host}`;
  if (!isOwn && (origin === undefined || !origins.includes(origin))) throw new ServiceError('origin-refused');
}
