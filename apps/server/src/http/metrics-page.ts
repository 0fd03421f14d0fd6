/** @file `/metrics`, for whoever shows the token that the operator set. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../lib/metrics.ts';
import { ServiceError } from '../lib/service-error.ts';
import { bearerToken } from './session-guard.ts';

/**
 * Serves what was measured.
 *
 * @param token what a reader has to show; undefined shows it to everybody who reaches the listener.
 */
export function registerMetricsPage(app: FastifyInstance, metrics: Metrics, token: string | undefined): void {
  const expected = token === undefined ? undefined : digestOf(token);
  app.get('/metrics', async (request, reply) => {
    const given = bearerToken(request.headers.authorization);
    if (expected !== undefined && (given === undefined || !timingSafeEqual(digestOf(given), expected)))
      throw new ServiceError('invalid-token');
    void reply.type(metrics.contentType);
    return metrics.text();
  });
}

/** Of one length whatever is hashed, so that the comparison tells nothing. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
