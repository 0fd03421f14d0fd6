/** @file Starts a server from its configuration: database, migrations, app, socket. */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type AppDeps, buildApp, makeHashingQueue } from './app.ts';
import type { Config } from './config.ts';
import { type ChangeFeed, makeChangeFeed } from './db/change-feed.ts';
import { connect, type LiveConnection, type OnConnectionError } from './db/connect.ts';
import type { EmbeddedDatabase } from './db/embedded-database.ts';
import { countKeyReferences } from './db/key-references.ts';
import { migrateAt } from './db/migrate.ts';
import type { Db } from './db/schema.ts';
import { makeAudit } from './features/audit/service.ts';
import { grantFirstAdmin } from './features/users/standing-service.ts';
import { type Housekeeping, startHousekeeping } from './housekeeping.ts';
import { describeError } from './lib/describe-error.ts';
import { authenticate, type KeyRing } from './lib/key-ring.ts';
import { makeLogger } from './lib/make-logger.ts';
import { type Metrics, makeMetrics } from './lib/metrics.ts';
import { makeMemoryRateCounter } from './lib/rate-limit/memory-rate-counter.ts';
import type { RateCounter } from './lib/rate-limit/rate-counter.ts';
import { connectRedisRateCounter } from './lib/rate-limit/redis-rate-counter.ts';
import { makeSteadyRateCounter } from './lib/rate-limit/steady-rate-counter.ts';
import { makeSecurityEvents } from './lib/security-events.ts';
import { serverVersion } from './lib/server-version.ts';
import { type MetricsListener, startMetricsListener } from './metrics-listener.ts';
import { jwtSecretsOf, keyRingOf } from './server-secrets.ts';

/** A server that listens. */
export interface RunningServer {
  /** Where it can be reached from this machine, without a slash at the end. */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Where `/metrics` is, if it has a listener of its own. */
  readonly metricsPort: number | undefined;
  /** Says at `/readyz` that it stops, ends what is in flight, then closes the sockets and the database. */
  close(): Promise<void>;
}

/** What a caller may bring instead of the server's own. */
export interface ServerOverrides {
  readonly logger?: Logger;
  /** The embedded database, where the caller has begun to open it; closed with the server. */
  readonly embedded?: EmbeddedDatabase | undefined;
}

/**
 * Starts a server.
 *
 * @throws {DataDirectoryInUseError} the embedded database is open in another process.
 * @throws {MigrationError} the schema could not be brought up to date.
 * @throws {KeyProviderError} or {WrappedRingError}: the key ring could not be opened.
 */
export async function startServer(config: Config, overrides: ServerOverrides = {}): Promise<RunningServer> {
  const logger = overrides.logger ?? makeLogger({ level: config.logLevel, format: config.logFormat });
  const onConnectionError = (error: Error): void =>
    logger.warn(
      { event: 'database_connection_lost', error: describeError(error) },
      'database connection lost',
    );
  const connection = connect(config.database, onConnectionError, overrides.embedded);
  const parts: Parts = { connection };
  try {
    return await start(parts, { config, logger, onConnectionError });
  } catch (error) {
    await close(parts);
    throw error;
  }
}

/** What a server consists of, as far as it has been started. */
interface Parts {
  readonly connection: LiveConnection;
  changes?: ChangeFeed;
  app?: FastifyInstance;
  housekeeping?: Housekeeping;
  metricsListener?: MetricsListener | undefined;
  /** Resolves when the log has what it has to say of the key ring. */
  ringExamined?: Promise<void>;
}

async function close(parts: Parts): Promise<void> {
  const { connection, changes, app, housekeeping, metricsListener } = parts;
  housekeeping?.stop();
  await parts.ringExamined;
  await app?.close();
  await changes?.close();
  await metricsListener?.close();
  await connection.close();
}

interface Start {
  readonly config: Config;
  readonly logger: Logger;
  readonly onConnectionError: OnConnectionError;
}

async function start(parts: Parts, { config, logger, onConnectionError }: Start): Promise<RunningServer> {
  const { db, pool } = parts.connection;
  const keyRing = await keyRingOf(config);
  const hashing = makeHashingQueue();
  const version = serverVersion();
  const metrics = makeMetrics({ version, pool, hashing: () => hashing.load() });
  let isStopping = false;
  const changes = makeChangeFeed(parts.connection.changes, (error) =>
    logger.warn({ event: 'change_feed_lost', error: describeError(error) }, 'changes of others are not told'),
  );
  parts.changes = changes;
  const deps: AppDeps = {
    db,
    logger,
    jwtSecrets: jwtSecretsOf(config),
    keyRing,
    version,
    settings: config,
    hashing,
    rateCounter: await rateCounterOf(config, keyRing, logger),
    changes,
    metrics,
    isStopping: () => isStopping,
  };
  // It asks the database nothing yet, which may still be opening.
  const app = await buildApp(deps);
  parts.app = app;
  await parts.connection.opened;
  await migrateAt(config.database, db, onConnectionError);
  await grantAtStart(deps, config, logger);
  await changes.start();
  parts.housekeeping = startHousekeeping(db, logger, config);
  parts.metricsListener = await listenForMetrics(config, metrics, logger);
  await app.listen({ host: config.host, port: config.port });
  // Only the log wants to know, so nobody waits for it.
  parts.ringExamined = warnOfMissingKeys(db, keyRing, logger);
  logger.info({ event: 'application_start', environment: config.environment, version }, 'started');
  return {
    url: urlOf(app.server.address(), config.host),
    app,
    metricsPort: parts.metricsListener?.port,
    async close() {
      isStopping = true;
      parts.housekeeping?.stop();
      await sleep(config.shutdownDelaySeconds * 1_000);
      await close(parts);
      logger.info({ event: 'application_shutdown' }, 'stopped');
    },
  };
}

/** Whose key is gone cannot log in, which looks like a wrong password: so the log says it at every start. */
async function warnOfMissingKeys(db: Db, keyRing: KeyRing, logger: Logger): Promise<void> {
  try {
    const references = await countKeyReferences(db, ['users', 'second_factors']);
    for (const { table, keyId, rows } of references)
      if (keyId !== null && !keyRing.ids.includes(keyId))
        logger.warn(
          { event: 'server_key_missing', table, keyId, rows },
          'a key that rows depend on is missing',
        );
  } catch (error) {
    logger.warn({ event: 'server_keys_unexamined', error: describeError(error) }, 'keys were not looked at');
  }
}

async function listenForMetrics(
  { metrics: { host, port, token } }: Config,
  metrics: Metrics,
  logger: Logger,
): Promise<MetricsListener | undefined> {
  return port === undefined ? undefined : startMetricsListener({ host, port, token }, metrics, logger);
}

/** The first administrator may have registered before the configuration named her. */
async function grantAtStart({ db, keyRing }: AppDeps, { adminLogin }: Config, logger: Logger): Promise<void> {
  if (adminLogin === undefined) return;
  const userId = await grantFirstAdmin(db, adminLogin, makeAudit(keyRing).operator);
  if (userId !== undefined)
    makeSecurityEvents(logger).administration({ action: 'grant-admin', subjectId: userId, role: 'admin' });
}

/** Callers are kept in Redis under HMACs, as in the table of failed logins: it names nobody. */
async function rateCounterOf(config: Config, keyRing: KeyRing, logger: Logger): Promise<RateCounter> {
  const local = makeMemoryRateCounter();
  if (config.redisUrl === undefined) return local;
  const key = keyRing.oldest('rate-limit');
  const shared = await connectRedisRateCounter(config.redisUrl, (caller) =>
    Buffer.from(authenticate(key, 'caller', caller)).toString('base64url'),
  );
  return makeSteadyRateCounter({ shared, local, logger });
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost', '0.0.0.0', '::']);

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = LOOPBACK.has(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
