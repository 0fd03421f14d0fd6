/** @file Measures every answered request under its route's pattern, never under the path that was asked for. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from '../lib/metrics.ts';
import { contractOf } from './contract-route.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

/** The operations that write entries. */
const WRITES: ReadonlySet<string> = new Set(['commitVault', 'createEntry', 'replaceEntry', 'deleteEntry']);

/** Measures every request below `app`. */
export function registerRequestMetrics(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    metrics.request({
      route: routeOf(request),
      method: METHODS.has(request.method) ? request.method : 'other',
      status,
      seconds: reply.elapsedTime / 1_000,
    });
    if (WRITES.has(contractOf(request)?.operationId ?? '')) metrics.commit(resultOf(status));
  });
}

function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
}

function resultOf(status: number): 'committed' | 'conflict' | 'refused' {
  if (status < 300) return 'committed';
  return status === 409 || status === 412 ? 'conflict' : 'refused';
}
