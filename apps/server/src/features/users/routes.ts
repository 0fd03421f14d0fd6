/** @file The routes that read accounts, and the one by which an owner changes what hers says. */
import {
  getOwnUser,
  getUser,
  listUsers,
  type QueryOf,
  USERS_PAGE_LIMITS,
  updateOwnUser,
} from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { requestFault } from '../../lib/service-error.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import * as service from './directory-service.ts';

/** Serves reading of accounts. */
export async function usersRoutes(app: FastifyInstance, deps: service.UsersDeps): Promise<void> {
  contractRoute(app, getOwnUser, (request) => service.readOwnUser(deps, actorOf(request).userId));

  contractRoute(app, updateOwnUser, (request) => {
    const { email, fullName } = request.body;
    const trail = deps.audit.trailOf(originOf(request));
    return service.changeOwnUser(deps, actorOf(request).userId, { email, fullName }, trail);
  });

  contractRoute(app, listUsers, async ({ query }) =>
    query.page === undefined && query.perPage === undefined
      ? listByCursor(deps, query)
      : listByPage(deps, query),
  );

  contractRoute(app, getUser, (request) => service.readUser(deps, request.params.id));
}

type Query = QueryOf<typeof listUsers>;

async function listByCursor(deps: service.UsersDeps, query: Query) {
  const { limit = USERS_PAGE_LIMITS.default, cursor } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  return toAnswer(await service.listUsers(deps, { after, limit }));
}

async function listByPage(deps: service.UsersDeps, query: Query) {
  if (query.cursor !== undefined) throw requestFault('/query/cursor', 'unexpected');
  if (query.limit !== undefined) throw requestFault('/query/limit', 'unexpected');
  const { page = 1, perPage = USERS_PAGE_LIMITS.default } = query;
  const { total, ...found } = await service.listUsersByPage(deps, { page, perPage });
  return { ...toAnswer(found), page, perPage, total, pages: Math.ceil(total / perPage) };
}

function toAnswer({ items, next }: service.UsersPage) {
  return { items: [...items], nextCursor: next === undefined ? null : encodeCursor(next) };
}
