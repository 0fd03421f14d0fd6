/** @file Answers only for the host names the operator named. */
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';

/** Refuses every other host. Without a list any host is taken. */
export function registerAllowedHosts(app: FastifyInstance, hosts: readonly string[] | undefined): void {
  if (hosts === undefined) return;
  const allowed = new Set(hosts);
  app.addHook('onRequest', async (request) => {
    if (!allowed.has(request.hostname.toLowerCase())) throw new ServiceError('host-refused');
  });
}
