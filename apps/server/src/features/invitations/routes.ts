/** @file The routes of invitations. */
import { createInvitation, listInvitations, revokeInvitation } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { writeOf } from '../../http/idempotency-key.ts';
import { originOf } from '../../http/origin.ts';
import { pageOf } from '../../http/paging.ts';
import * as service from './service.ts';

/** Serves invitations. */
export async function invitationsRoutes(app: FastifyInstance, deps: service.InvitationsDeps): Promise<void> {
  contractRoute(app, createInvitation, async (request) => {
    const { role, expiresInHours } = request.body;
    const author = actorOf(request);
    const trail = deps.audit.trailOf(originOf(request));
    const { answer, isRepeated } = await deps.idempotency.once(writeOf(request), (tx) =>
      service.invite({ ...deps, tx }, author, { role, expiresInHours }, trail),
    );
    if (!isRepeated) service.logInvited(deps, author, answer);
    return answer;
  });

  contractRoute(app, listInvitations, async (request) =>
    pageOf(await service.listInvitations(deps), request.query, ({ id }) => id),
  );

  contractRoute(app, revokeInvitation, (request) => {
    const trail = deps.audit.trailOf(originOf(request));
    return service.revokeInvitation(deps, actorOf(request).userId, request.params.id, trail);
  });
}
