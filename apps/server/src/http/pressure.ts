/**
 * @file Turns requests away while the process cannot keep up: the rest is answered in time, and a balancer
 * that asks `/readyz` sends the next ones elsewhere. Probes and pages are answered always.
 */
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';
import { contractOf } from './contract-route.ts';

/** Beyond which load requests are turned away; `off` does not look. */
export interface PressureLimits {
  readonly maxEventLoopDelayMs: number | 'off';
  readonly maxEventLoopPercent: number | 'off';
  readonly maxHeapPercent: number | 'off';
}

/** It is measured once a second, so sooner there is no other answer. */
const RETRY_AFTER_SECONDS = 2;

/** Looks at the process once a second and refuses while it is over a limit. @returns whether it is. */
export async function registerPressure(app: FastifyInstance, limits: PressureLimits): Promise<() => boolean> {
  const { heap_size_limit: heapLimit } = getHeapStatistics();
  await app.register(underPressure, {
    ...(limits.maxEventLoopDelayMs === 'off' ? {} : { maxEventLoopDelay: limits.maxEventLoopDelayMs }),
    ...(limits.maxEventLoopPercent === 'off'
      ? {}
      : { maxEventLoopUtilization: limits.maxEventLoopPercent / 100, eventLoopUtilizationMode: 'interval' }),
    ...(limits.maxHeapPercent === 'off'
      ? {}
      : { maxHeapUsedBytes: (heapLimit * limits.maxHeapPercent) / 100 }),
    async pressureHandler(request) {
      const contract = contractOf(request);
      if (contract === undefined || contract.rateLimit === 'none') return;
      throw new ServiceError('overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    },
  });
  return () => app.isUnderPressure();
}
