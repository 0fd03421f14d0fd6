/** @file The composition root: the only file that knows every feature. It opens nothing and listens nowhere. */
import { availableParallelism } from 'node:os';
import cookie from '@fastify/cookie';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Config } from './config.ts';
import { type ChangeFeed, silentChangeFeed } from './db/change-feed.ts';
import { migrations } from './db/migrations/index.ts';
import type { Db } from './db/schema.ts';
import { adminRoutes } from './features/admin/routes.ts';
import { makeApiKeyAuthentication } from './features/api-keys/authentication.ts';
import { apiKeysRoutes } from './features/api-keys/routes.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { makeAudit } from './features/audit/service.ts';
import { accountRoutes } from './features/auth/account-routes.ts';
import { proveCurrentKey } from './features/auth/key-proof.ts';
import { makeLockout } from './features/auth/lockout.ts';
import { recoveryRoutes } from './features/auth/recovery-routes.ts';
import { authRoutes } from './features/auth/routes.ts';
import { makeVerifiers } from './features/auth/verifier.ts';
import { entriesRoutes } from './features/entries/routes.ts';
import { eventsRoutes } from './features/events/routes.ts';
import { makeEventStreams } from './features/events/service.ts';
import { healthRoutes } from './features/health/routes.ts';
import { makeIdempotency } from './features/idempotency/service.ts';
import { invitationsRoutes } from './features/invitations/routes.ts';
import { secondFactorRoutes } from './features/second-factor/routes.ts';
import { makeSecondFactors } from './features/second-factor/service.ts';
import { type AccessTokens, makeAccessTokens } from './features/sessions/access-token.ts';
import { makeRefreshTokens } from './features/sessions/refresh-token.ts';
import { sessionsRoutes } from './features/sessions/routes.ts';
import { namedSession, proveClaim, readClaim } from './features/sessions/service.ts';
import { makeSettings, type Settings } from './features/settings/service.ts';
import { siteRoutes } from './features/site/routes.ts';
import { isPermitted } from './features/users/permissions.ts';
import { usersRoutes } from './features/users/routes.ts';
import { vaultsRoutes } from './features/vaults/routes.ts';
import type { ClaimedActor } from './http/actor.ts';
import { registerAllowedHosts } from './http/allowed-hosts.ts';
import { HTTP_TIMEOUTS, registerBodyDeadline } from './http/body-deadline.ts';
import { makeProtocolOf } from './http/came-by-tls.ts';
import { makeCompilersWhenUsed } from './http/compile-when-used.ts';
import { registerCrossOrigin } from './http/cross-origin.ts';
import { registerJsonBody } from './http/json-body.ts';
import { registerMetricsPage } from './http/metrics-page.ts';
import { registerPressure } from './http/pressure.ts';
import { answerFrameworkError, registerProblemHandler } from './http/problem-handler.ts';
import { registerRateLimit } from './http/rate-limit.ts';
import { clientErrorHandler } from './http/raw-refusal.ts';
import { makeRefreshCookie } from './http/refresh-cookie.ts';
import { requestIdOf } from './http/request-id.ts';
import { registerRequestLog } from './http/request-log.ts';
import { registerRequestMetrics } from './http/request-metrics.ts';
import { registerSecurityHeaders } from './http/security-headers.ts';
import { type PermissionGuard, permissionCheck, registerSessionGuard } from './http/session-guard.ts';
import { registerStopping } from './http/stopping.ts';
import { addressPrefix } from './lib/address-prefix.ts';
import type { KeyRing } from './lib/key-ring.ts';
import { type Metrics, makeMetrics } from './lib/metrics.ts';
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
  /** What changes in the database, closed by whoever made it; by default nothing is ever told. */
  readonly changes?: ChangeFeed;
  /** What is measured, if somebody else reads it too; by default the app's own, without the pool. */
  readonly metrics?: Metrics;
  /** True from when the server was told to stop. */
  readonly isStopping?: () => boolean;
}

/** The part of the configuration that the app itself reads. */
export type AppSettings = Pick<
  Config,
  | 'jwtIssuer'
  | 'jwtAudience'
  | 'accessTokenTtlSeconds'
  | 'refreshTokenTtlSeconds'
  | 'sessionTtlSeconds'
  | 'maxFailedLogins'
  | 'lockoutMinutes'
  | 'totpWindow'
  | 'corsOrigins'
  | 'cors'
  | 'appName'
  | 'appVersion'
  | 'debug'
  | 'logIp'
  | 'metrics'
  | 'pressure'
  | 'verifierCost'
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
  const metrics = deps.metrics ?? makeMetrics({ version: deps.version, hashing: () => hashing.load() });
  const app = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedBy(settings.trustProxy),
    frameworkErrors: answerFrameworkError(makeProtocolOf(settings.trustProxy)),
    clientErrorHandler: clientErrorHandler(deps.logger),
    requestTimeout: HTTP_TIMEOUTS.requestTimeout,
    http: HTTP_TIMEOUTS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    schemaController: makeCompilersWhenUsed(),
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false, useDefaults: false },
    },
  });
  const runtimeSettings = makeSettings(deps.db, {
    registration: settings.registration,
    lockout: { maxFailedLogins: settings.maxFailedLogins, minutes: settings.lockoutMinutes },
    rateLimits: settings.rateLimits,
  });
  const shared = { accessTokens, runtimeSettings, hashing, metrics };
  const condition = await registerPlatform(app, deps, shared);
  await registerFeatures(app, deps, { ...shared, ...condition });
  return app;
}

function trustedBy(
  trust: AppSettings['trustProxy'],
): string[] | false | ((address: string, hop: number) => boolean) {
  return typeof trust === 'number' ? (_address, hop) => hop < trust : trust;
}

/**
 * Twice as much at once as there are cores (and threads to run it): between two hashes a login asks the database, and
 * a core should not wait for that. As much again waits.
 */
export function makeHashingQueue(): WorkQueue {
  const cores = availableParallelism();
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  return makeWorkQueue({ running: Math.max(1, Math.min(2 * cores, threads)), waiting: 2 * cores });
}

/** What several parts of the app have in common. */
interface Shared {
  readonly accessTokens: AccessTokens;
  readonly runtimeSettings: Settings;
  readonly hashing: WorkQueue;
  readonly metrics: Metrics;
}

/** What the platform knows of the process. */
interface Condition {
  readonly isOverloaded: () => boolean;
  readonly isStopping: () => boolean;
}

/** What every route has. The order is the order in which a request meets it: docs/adr/0024-hook-order.md. */
async function registerPlatform(
  app: FastifyInstance,
  deps: AppDeps,
  { accessTokens, runtimeSettings, hashing, metrics }: Shared,
): Promise<Condition> {
  const { settings } = deps;
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  const isStopping = (): boolean => isClosing || deps.isStopping?.() === true;
  registerSecurityHeaders(app);
  registerStopping(app, isStopping);
  registerRequestLog(app, settings.logIp);
  registerRequestMetrics(app, metrics);
  await registerCrossOrigin(app, settings.corsOrigins, settings.cors);
  const isUnderPressure = await registerPressure(app, settings.pressure);
  const rateCounter = deps.rateCounter ?? makeMemoryRateCounter();
  app.addHook('onClose', () => rateCounter.close());
  const apiKeys = makeApiKeyAuthentication(deps);
  const limiter = registerRateLimit(app, {
    limits: () => runtimeSettings.limits().rateLimits,
    counter: rateCounter,
    sessionOf: (token) => namedSession(accessTokens, token),
    apiKeyOf: (credential) => apiKeys.recall(credential),
  });
  registerAllowedHosts(app, settings.allowedHosts);
  const guard = guardOf(deps, accessTokens);
  registerProblemHandler(app, {
    explains: settings.debug,
    proveClaim: guard.authentication.proveClaim,
  });
  const events = makeSecurityEvents(deps.logger, eventOptions(deps, metrics));
  registerSessionGuard(app, {
    ...guard,
    authenticateApiKey: (credential) => apiKeys.authenticate(credential),
    countApiKey: (request, reply, apiKey) => limiter.countApiKey(request, reply, apiKey),
    onKeyHalf(request) {
      events.securityViolation('api-key-half-exposed', { address_prefix: addressPrefix(request.ip) });
    },
  });
  registerBodyDeadline(app);
  registerJsonBody(app);
  await app.register(cookie);
  return { isStopping, isOverloaded: () => hashing.isFull() || isUnderPressure() };
}

function eventOptions({ settings }: AppDeps, meter: Metrics) {
  return { meter, hidesAddresses: settings.logIp === 'none' };
}

function guardOf({ db }: AppDeps, accessTokens: AccessTokens): PermissionGuard {
  const authentication = {
    readClaim: (token: string) => readClaim(accessTokens, token),
    proveClaim: (claim: ClaimedActor) => proveClaim(db, claim),
  };
  return { authentication, isPermitted };
}

async function registerFeatures(
  app: FastifyInstance,
  deps: AppDeps,
  { accessTokens, runtimeSettings, hashing, metrics, ...condition }: Shared & Condition,
): Promise<void> {
  const { db, keyRing, version, settings } = deps;
  const audit = makeAudit(keyRing);
  const idempotency = makeIdempotency(db, keyRing);
  const sessionsDeps = {
    db,
    accessTokens,
    refreshTokens: makeRefreshTokens(keyRing),
    refreshTtlSeconds: settings.refreshTokenTtlSeconds,
    sessionTtlSeconds: settings.sessionTtlSeconds,
    events: makeSecurityEvents(deps.logger, eventOptions(deps, metrics)),
    audit,
    cookie: makeRefreshCookie({
      secure: settings.secureCookies,
      maxAgeSeconds: settings.refreshTokenTtlSeconds,
    }),
    corsOrigins: settings.corsOrigins,
  };
  await app.register(healthRoutes, {
    db,
    version: settings.appVersion ?? version,
    migrationNames: Object.keys(migrations),
    ...condition,
  });
  await app.register(siteRoutes, {
    version,
    shownVersion: settings.appVersion ?? version,
    appName: settings.appName,
    apiDocs: settings.apiDocs,
    assertMayRead: permissionCheck(guardOf(deps, accessTokens), 'system:manage'),
  });
  if (settings.metrics.token !== undefined && settings.metrics.port === undefined)
    registerMetricsPage(app, metrics, settings.metrics.token);
  await app.register(sessionsRoutes, sessionsDeps);
  const authDeps = {
    ...sessionsDeps,
    keyRing,
    hashing,
    verifiers: makeVerifiers(keyRing, settings.verifierCost),
    lockout: makeLockout(keyRing, () => runtimeSettings.limits().lockout),
    secondFactors: makeSecondFactors(keyRing, settings),
    settings: runtimeSettings,
    adminLogin: settings.adminLogin,
  };
  await app.register(authRoutes, authDeps);
  await app.register(recoveryRoutes, authDeps);
  const { events, refreshTtlSeconds } = sessionsDeps;
  const proveKey = (...[user, offered]: KeyProof) => proveCurrentKey(authDeps, user, offered);
  const { secondFactors } = authDeps;
  await app.register(secondFactorRoutes, { db, events, secondFactors, audit, proveKey });
  await app.register(usersRoutes, { db, audit });
  await app.register(accountRoutes, authDeps);
  await app.register(invitationsRoutes, { db, keyRing, events, audit, idempotency });
  await app.register(adminRoutes, {
    db,
    events,
    audit,
    refreshTtlSeconds,
    settings: runtimeSettings,
  });
  await app.register(vaultsRoutes, { db, audit, idempotency });
  await app.register(entriesRoutes, { db, audit, idempotency });
  await app.register(apiKeysRoutes, { db, keyRing, events, audit, proveKey });
  await app.register(auditRoutes, { db });
  const eventStreams = makeEventStreams({ db, changes: deps.changes ?? silentChangeFeed });
  metrics.watchEventClients(() => eventStreams.count());
  await app.register(eventsRoutes, {
    streams: eventStreams,
    tokenExpiresAt: async (token) => (await accessTokens.read(token))?.expiresAt,
  });
}

/** Whose key is proven, and what is offered as it. */
type KeyProof = [user: Parameters<typeof proveCurrentKey>[1], offered: Parameters<typeof proveCurrentKey>[2]];
