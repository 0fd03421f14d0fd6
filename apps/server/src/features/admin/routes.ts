/** @file The routes of administration: other people's accounts, counts, settings. */
import { deleteUser, getServerSettings, getStats, updateServerSettings, updateUser } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import * as service from './service.ts';

/** Serves administration. */
export async function adminRoutes(app: FastifyInstance, deps: service.AdminDeps): Promise<void> {
  contractRoute(app, updateUser, (request) => {
    const { role, isActive } = request.body;
    return service.changeUser(deps, actorOf(request), request.params.id, { role, isActive });
  });

  contractRoute(app, deleteUser, (request) => service.deleteUser(deps, actorOf(request), request.params.id));

  contractRoute(app, getStats, () => service.readStats(deps));

  contractRoute(app, getServerSettings, () => service.readServerSettings(deps));

  contractRoute(app, updateServerSettings, (request) =>
    service.changeServerSettings(deps, actorOf(request), request.body),
  );
}
