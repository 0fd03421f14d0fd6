/** @file The composition root: the only file that knows every feature. It opens nothing and listens nowhere. */
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { migrations } from './db/migrations/index.ts';
import type { Db } from './db/schema.ts';
import { entriesRoutes } from './features/entries/routes.ts';
import { healthRoutes } from './features/health/routes.ts';
import type { AccessTokens } from './features/sessions/access-token.ts';
import { authenticateAccess } from './features/sessions/service.ts';
import { vaultsRoutes } from './features/vaults/routes.ts';
import { registerJsonBody } from './http/json-body.ts';
import { answerFrameworkError, registerProblemHandler } from './http/problem-handler.ts';
import { requestIdOf } from './http/request-id.ts';
import { registerRequestLog } from './http/request-log.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import { registerSessionGuard } from './http/session-guard.ts';

/** What the app is made of. */
export interface AppDeps {
  readonly db: Db;
  readonly logger: FastifyBaseLogger;
  readonly accessTokens: AccessTokens;
  readonly version: string;
}

/** Builds the app: every hook, then every feature. It is ready for `inject` and for `listen`. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    frameworkErrors: answerFrameworkError,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false, useDefaults: false },
    },
  });
  registerSecurityHeaders(app);
  registerRequestLog(app);
  registerProblemHandler(app);
  registerJsonBody(app);
  registerSessionGuard(app, (token) => authenticateAccess(deps, token));
  await app.register(healthRoutes, {
    db: deps.db,
    version: deps.version,
    migrationNames: Object.keys(migrations),
    isOverloaded: () => false,
  });
  await app.register(vaultsRoutes, { db: deps.db });
  await app.register(entriesRoutes, { db: deps.db });
  return app;
}
