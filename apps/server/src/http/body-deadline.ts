/**
 * @file How long a body may take to arrive.
 * [Note: Slow senders] Headers must arrive within 4 s and connections are looked at each second (Node does
 * both). A body gets 5 s and, where the route takes more than the default, a second more for each 64 KiB:
 * 2 min 13 s for a commit of 8 MiB, which a line of 0.5 Mbit/s can send. Only routes that ask for a session
 * take so much, and there the token is checked before the body: a stranger never holds a socket that long.
 */
import { DEFAULT_BODY_LIMIT_BYTES } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { contractOf } from './contract-route.ts';
import { refuseSocket } from './raw-refusal.ts';

/** Timeouts of the HTTP server. `requestTimeout` bounds what {@link registerBodyDeadline} does not see. */
export const HTTP_TIMEOUTS = {
  connectionsCheckingInterval: 1_000,
  headersTimeout: 4_000,
  requestTimeout: 150_000,
} as const;

const BASE_MS = 5_000;
const SLOWEST_BYTES_PER_SECOND = 65_536;

/** The time a route gives a body of at most `bodyLimitBytes` to arrive. */
export function bodyDeadlineMs(bodyLimitBytes: number): number {
  const extra = Math.max(0, bodyLimitBytes - DEFAULT_BODY_LIMIT_BYTES);
  return BASE_MS + Math.ceil(extra / SLOWEST_BYTES_PER_SECOND) * 1_000;
}

/** Closes the connection of a request whose body does not arrive in time, with `request-timeout`. */
export function registerBodyDeadline(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { raw } = request;
    // light-my-request's sockets cannot be slow.
    if (raw.complete || raw.socket.destroySoon === undefined) return;
    const limit = contractOf(request)?.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
    const timer = setTimeout(() => {
      if (!raw.complete) refuseSocket(raw.socket, 'request-timeout', request.id);
    }, bodyDeadlineMs(limit));
    timer.unref();
    raw.once('close', () => clearTimeout(timer));
  });
}
