/** @file What operators and probes ask. */
import { health, livez, readyz } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { contractRoute } from '../../http/contract-route.ts';
import { assertReady, type HealthDeps } from './service.ts';

/** Serves liveness, readiness and health. */
export async function healthRoutes(app: FastifyInstance, deps: HealthDeps): Promise<void> {
  contractRoute(app, livez, async () => ({ status: 'alive' as const }));
  contractRoute(app, readyz, async () => {
    await assertReady(deps);
    return { status: 'ready' as const };
  });
  contractRoute(app, health, async () => {
    await assertReady(deps);
    return { status: 'healthy' as const, version: deps.version };
  });
}
