/** @file The routes of sessions: refresh, logout, and the list of devices. */
import { listSessions, logout, logoutAll, refresh, revokeSession } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { assertOwnOrigin } from '../../http/cross-origin.ts';
import { originOf } from '../../http/origin.ts';
import { pageOf } from '../../http/paging.ts';
import type { RefreshCookie } from '../../http/refresh-cookie.ts';
import { bearerToken } from '../../http/session-guard.ts';
import { tokensAnswer } from '../../http/tokens-answer.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { refreshSession } from './refresh.ts';
import * as service from './service.ts';

/** What the routes of sessions need. */
export interface SessionsRoutesDeps extends service.SessionsDeps {
  readonly cookie: RefreshCookie;
  readonly corsOrigins: readonly string[];
}

/** Serves refresh, logout and the list of sessions. */
export async function sessionsRoutes(app: FastifyInstance, deps: SessionsRoutesDeps): Promise<void> {
  contractRoute(app, refresh, async (request, reply) => {
    const { token, transport } = presentedToken(request, deps, request.body.refreshToken);
    try {
      const pair = await refreshSession(deps, {
        token,
        transport,
        idempotencyKey: idempotencyKeyOf(request),
        addressPrefix: addressPrefix(request.ip),
        trail: deps.audit.trailOf(originOf(request)),
      });
      return tokensAnswer(deps, reply, transport, pair);
    } catch (error) {
      if (transport === 'cookie' && error instanceof ServiceError && error.code === 'invalid-token')
        deps.cookie.clear(reply);
      throw error;
    }
  });

  contractRoute(app, logout, async (request, reply) => {
    const tokens = logoutTokens(request, deps, request.body.refreshToken);
    await service.endSessions(deps, tokens, deps.audit.trailOf(originOf(request)));
    deps.cookie.clear(reply);
  });

  contractRoute(app, logoutAll, async (request, reply) => {
    const tokens = logoutTokens(request, deps, request.body.refreshToken);
    await service.endAllSessions(deps, tokens, deps.audit.trailOf(originOf(request)));
    deps.cookie.clear(reply);
  });

  contractRoute(app, listSessions, async (request) =>
    pageOf(await service.listSessions(deps, actorOf(request)), request.query, ({ id }) => id),
  );

  contractRoute(app, revokeSession, async (request) => {
    const ref = { userId: actorOf(request).userId, sessionId: request.params.id };
    await service.revokeSession(deps, ref, deps.audit.trailOf(originOf(request)));
  });
}

function presentedToken(
  request: FastifyRequest,
  deps: SessionsRoutesDeps,
  bodyToken: string | undefined,
): { readonly token: string; readonly transport: 'body' | 'cookie' } {
  if (bodyToken !== undefined) return { token: bodyToken, transport: 'body' };
  const token = deps.cookie.read(request);
  if (token === undefined) throw new ServiceError('invalid-token');
  assertOwnOrigin(request, deps.corsOrigins);
  return { token, transport: 'cookie' };
}

function logoutTokens(
  request: FastifyRequest,
  deps: SessionsRoutesDeps,
  bodyToken: string | undefined,
): service.LogoutTokens {
  const cookieToken = deps.cookie.read(request);
  if (cookieToken !== undefined) assertOwnOrigin(request, deps.corsOrigins);
  return {
    accessToken: bearerToken(request.headers.authorization),
    refreshToken: bodyToken,
    cookieToken,
  };
}

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : undefined;
}
