/** @file Who asks: the session that a request's access token belongs to. */
import type { FastifyRequest } from 'fastify';
import type { SessionRow, UserRow } from '../db/schema.ts';

/** The caller of a route with `auth: 'session'`. */
export interface Actor {
  readonly userId: SessionRow['user_id'];
  readonly sessionId: SessionRow['id'];
  readonly role: UserRow['role'];
}

const actors = new WeakMap<FastifyRequest, Actor>();

/** Notes who asks; the session guard does so before anything of the body is read. */
export function setActor(request: FastifyRequest, actor: Actor): void {
  actors.set(request, actor);
}

/** The caller of this request; undefined where its contract does not ask for one. */
export function findActor(request: FastifyRequest): Actor | undefined {
  return actors.get(request);
}

/**
 * The caller of this request.
 *
 * @throws {TypeError} the route's contract does not ask for a session: a mistake in the route.
 */
export function actorOf(request: FastifyRequest): Actor {
  const actor = actors.get(request);
  if (actor === undefined) throw new TypeError('this route has no actor: its contract does not ask for one');
  return actor;
}
