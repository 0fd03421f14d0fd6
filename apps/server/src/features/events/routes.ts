/** @file The route of the stream of events. */
import { streamEvents } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractStream } from '../../http/contract-stream.ts';
import { bearerToken } from '../../http/session-guard.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { EventStreams } from './service.ts';

/** What the route needs. */
export interface EventsRoutesDeps {
  readonly streams: EventStreams;
  /** When an access token expires, in seconds since the epoch; undefined if it is none. */
  readonly tokenExpiresAt: (accessToken: string) => Promise<number | undefined>;
}

/** Serves the stream of events. */
export async function eventsRoutes(app: FastifyInstance, deps: EventsRoutesDeps): Promise<void> {
  app.addHook('preClose', async () => deps.streams.close());

  contractStream(app, streamEvents, async (request) => {
    const token = bearerToken(request.headers.authorization);
    const tokenExpiresAt = token === undefined ? undefined : await deps.tokenExpiresAt(token);
    if (tokenExpiresAt === undefined) throw new ServiceError('invalid-token');
    const lastEventId = request.headers['last-event-id'];
    return deps.streams.open({
      ...actorOf(request),
      tokenExpiresAt,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
    });
  });
}
