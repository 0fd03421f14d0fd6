/** @file The route of invitations. */
import { createInvitation } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import * as service from './service.ts';

/** Serves invitations. */
export async function invitationsRoutes(app: FastifyInstance, deps: service.InvitationsDeps): Promise<void> {
  contractRoute(app, createInvitation, (request) => {
    const { role, expiresInHours } = request.body;
    const trail = deps.audit.trailOf(originOf(request));
    return service.invite(deps, actorOf(request), { role, expiresInHours }, trail);
  });
}
