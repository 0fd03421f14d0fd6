/** @file The routes of the audit log. */
import { AUDIT_PAGE_LIMITS, listAuditEvents, listSecurityEvents } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import * as service from './events-service.ts';

/** Serves an account's own events, and everybody's to those who may read them. */
export async function auditRoutes(app: FastifyInstance, deps: service.AuditReadDeps): Promise<void> {
  contractRoute(app, listSecurityEvents, (request) => {
    const { cursor, limit = AUDIT_PAGE_LIMITS.default } = request.query;
    return service.listOwnEvents(deps, actorOf(request).userId, { cursor, limit });
  });

  contractRoute(app, listAuditEvents, (request) => {
    const { cursor, limit = AUDIT_PAGE_LIMITS.default, ...filter } = request.query;
    return service.listAllEvents(deps, filter, { cursor, limit });
  });
}
