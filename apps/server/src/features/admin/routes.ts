/** @file The routes of administration: other people's accounts, counts, settings. */
import { deleteUser, getServerSettings, getStats, updateServerSettings, updateUser } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import * as service from './service.ts';

/** Serves administration. */
export async function adminRoutes(app: FastifyInstance, deps: service.AdminDeps): Promise<void> {
  contractRoute(app, updateUser, (request) => {
    const { role, isActive } = request.body;
    return service.changeUser(deps, administrator(request), request.params.id, { role, isActive });
  });

  contractRoute(app, deleteUser, (request) =>
    service.deleteUser(deps, administrator(request), request.params.id),
  );

  contractRoute(app, getStats, () => service.readStats(deps));

  contractRoute(app, getServerSettings, () => service.readServerSettings(deps));

  contractRoute(app, updateServerSettings, (request) =>
    service.changeServerSettings(deps, administrator(request), request.body),
  );
}

function administrator(request: FastifyRequest): service.AdminActor {
  return { ...actorOf(request), origin: originOf(request) };
}
