/** @file The composition root: the only file that knows every feature. It opens nothing and listens nowhere. */
import { availableParallelism } from 'node:os';
import cookie from '@fastify/cookie';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Config } from './config.ts';
import { migrations } from './db/migrations/index.ts';
import type { Db } from './db/schema.ts';
import { adminRoutes } from './features/admin/routes.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { makeAudit } from './features/audit/service.ts';
import { accountRoutes } from './features/auth/account-routes.ts';
import { proveCurrentKey } from './features/auth/key-proof.ts';
import { makeLockout } from './features/auth/lockout.ts';
import { authRoutes } from './features/auth/routes.ts';
import { makeVerifiers } from './features/auth/verifier.ts';
import { entriesRoutes } from './features/entries/routes.ts';
import { healthRoutes } from './features/health/routes.ts';
import { invitationsRoutes } from './features/invitations/routes.ts';
import { secondFactorRoutes } from './features/second-factor/routes.ts';
import { makeSecondFactors } from './features/second-factor/service.ts';
import { type AccessTokens, makeAccessTokens } from './features/sessions/access-token.ts';
import { makeRefreshTokens } from './features/sessions/refresh-token.ts';
import { sessionsRoutes } from './features/sessions/routes.ts';
import { authenticateAccess, namedSession } from './features/sessions/service.ts';
import { siteRoutes } from './features/site/routes.ts';
import { isPermitted } from './features/users/permissions.ts';
import { usersRoutes } from './features/users/routes.ts';
import { vaultsRoutes } from './features/vaults/routes.ts';
import { registerAllowedHosts } from './http/allowed-hosts.ts';
import { HTTP_TIMEOUTS, registerBodyDeadline } from './http/body-deadline.ts';
import { registerCrossOrigin } from './http/cross-origin.ts';
import { registerJsonBody } from './http/json-body.ts';
import { answerFrameworkError, registerProblemHandler } from './http/problem-handler.ts';
import { registerRateLimit } from './http/rate-limit.ts';
import { clientErrorHandler } from './http/raw-refusal.ts';
import { makeRefreshCookie } from './http/refresh-cookie.ts';
import { requestIdOf } from './http/request-id.ts';
import { registerRequestLog } from './http/request-log.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import { registerSessionGuard } from './http/session-guard.ts';
import type { KeyRing } from './lib/key-ring.ts';
import { makeMemoryRateCounter } from './lib/rate-limit/memory-rate-counter.ts';
import type { RateCounter } from './lib/rate-limit/rate-counter.ts';
import { makeSecurityEvents } from './lib/security-events.ts';
import { makeWorkQueue, type WorkQueue } from './lib/work-queue.ts';

/** What the app is made of. */
export interface AppDeps {
  readonly db: Db;
  readonly logger: FastifyBaseLogger;
  /** Secrets of the access tokens, newest first, at least one. */
  readonly jwtSecrets: readonly string[];
  readonly keyRing: KeyRing;
  readonly version: string;
  readonly settings: AppSettings;
  /** The bound on Argon2id; by default {@link makeHashingQueue}. */
  readonly hashing?: WorkQueue;
  /** What rate limits count with, closed with the app; by default the memory of this process. */
  readonly rateCounter?: RateCounter;
}

/** The part of the configuration that the app itself reads. */
export type AppSettings = Pick<
  Config,
  | 'jwtIssuer'
  | 'jwtAudience'
  | 'accessTokenTtlSeconds'
  | 'refreshTokenTtlSeconds'
  | 'maxFailedLogins'
  | 'lockoutMinutes'
  | 'totpWindow'
  | 'corsOrigins'
  | 'allowedHosts'
  | 'trustProxy'
  | 'secureCookies'
  | 'apiDocs'
  | 'registration'
  | 'adminLogin'
  | 'rateLimits'
>;

/** Builds the app: every hook, then every feature. It is ready for `inject` and for `listen`. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { settings } = deps;
  const accessTokens = makeAccessTokens({
    secrets: deps.jwtSecrets,
    issuer: settings.jwtIssuer,
    audience: settings.jwtAudience,
    ttlSeconds: settings.accessTokenTtlSeconds,
  });
  const hashing = deps.hashing ?? makeHashingQueue();
  const app = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedBy(settings.trustProxy),
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: clientErrorHandler(deps.logger),
    requestTimeout: HTTP_TIMEOUTS.requestTimeout,
    http: HTTP_TIMEOUTS,
    forceCloseConnections: 'idle',
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false, useDefaults: false },
    },
  });
  await registerPlatform(app, deps, accessTokens);
  await registerFeatures(app, deps, { accessTokens, hashing });
  return app;
}

function trustedBy(
  trust: AppSettings['trustProxy'],
): string[] | false | ((address: string, hop: number) => boolean) {
  return typeof trust === 'number' ? (_address, hop) => hop < trust : trust;
}

/** As many hashes at once as there are cores (and threads to run them), twice the cores waiting. */
export function makeHashingQueue(): WorkQueue {
  const cores = availableParallelism();
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  return makeWorkQueue({ running: Math.max(1, Math.min(cores, threads)), waiting: 2 * cores });
}

/** What every route has. The order is the order in which a request meets it. */
async function registerPlatform(
  app: FastifyInstance,
  deps: AppDeps,
  accessTokens: AccessTokens,
): Promise<void> {
  const { settings } = deps;
  registerSecurityHeaders(app);
  registerRequestLog(app);
  // Before the limit, so that pages of other origins can read that they have to wait.
  await registerCrossOrigin(app, settings.corsOrigins);
  const rateCounter = deps.rateCounter ?? makeMemoryRateCounter();
  app.addHook('onClose', () => rateCounter.close());
  registerRateLimit(app, {
    limits: settings.rateLimits,
    counter: rateCounter,
    sessionOf: (token) => namedSession(accessTokens, token),
  });
  registerAllowedHosts(app, settings.allowedHosts);
  registerProblemHandler(app);
  registerSessionGuard(app, {
    authenticate: (token) => authenticateAccess({ db: deps.db, accessTokens }, token),
    isPermitted,
  });
  registerBodyDeadline(app);
  registerJsonBody(app);
  await app.register(cookie);
}

async function registerFeatures(
  app: FastifyInstance,
  deps: AppDeps,
  { accessTokens, hashing }: { readonly accessTokens: AccessTokens; readonly hashing: WorkQueue },
): Promise<void> {
  const { db, keyRing, version, settings } = deps;
  const defaultSettings = { registration: settings.registration };
  const audit = makeAudit(keyRing);
  const sessionsDeps = {
    db,
    accessTokens,
    refreshTokens: makeRefreshTokens(keyRing),
    refreshTtlSeconds: settings.refreshTokenTtlSeconds,
    events: makeSecurityEvents(deps.logger),
    audit,
    cookie: makeRefreshCookie({
      secure: settings.secureCookies,
      maxAgeSeconds: settings.refreshTokenTtlSeconds,
    }),
    corsOrigins: settings.corsOrigins,
  };
  await app.register(healthRoutes, {
    db,
    version,
    migrationNames: Object.keys(migrations),
    isOverloaded: () => hashing.isFull(),
  });
  await app.register(siteRoutes, { version, apiDocs: settings.apiDocs });
  await app.register(sessionsRoutes, sessionsDeps);
  const authDeps = {
    ...sessionsDeps,
    keyRing,
    hashing,
    verifiers: await makeVerifiers(keyRing),
    lockout: makeLockout(keyRing, settings),
    secondFactors: makeSecondFactors(keyRing, settings),
    defaultSettings,
    adminLogin: settings.adminLogin,
  };
  await app.register(authRoutes, authDeps);
  await app.register(secondFactorRoutes, {
    db,
    events: sessionsDeps.events,
    secondFactors: authDeps.secondFactors,
    audit,
    proveKey: (user, offered) => proveCurrentKey(authDeps, user, offered),
  });
  const { events, refreshTtlSeconds } = sessionsDeps;
  await app.register(usersRoutes, { db, audit });
  await app.register(accountRoutes, authDeps);
  await app.register(invitationsRoutes, { db, keyRing, events, audit });
  await app.register(adminRoutes, { db, events, audit, refreshTtlSeconds, defaultSettings });
  await app.register(vaultsRoutes, { db, audit });
  await app.register(entriesRoutes, { db, audit });
  await app.register(auditRoutes, { db });
}
