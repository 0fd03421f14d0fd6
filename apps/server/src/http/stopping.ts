/**
 * @file How connections end when the server does. [Note: Graceful stop] A stop first makes `/readyz` say no,
 * so that a balancer turns away, then closes the socket for new connections. Requests that have arrived are
 * answered, those on connections that were open already too, each with `Connection: close`: a client then
 * knows that it was heard, and opens its next connection elsewhere.
 */
import type { FastifyInstance } from 'fastify';

/** Asks clients to leave while the server stops. */
export function registerStopping(app: FastifyInstance, isStopping: () => boolean): void {
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping()) void reply.header('connection', 'close');
  });
}
