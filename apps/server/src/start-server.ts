/** @file Starts a server from its configuration: database, migrations, app, socket. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type AppDeps, buildApp } from './app.ts';
import type { Config } from './config.ts';
import { type Connection, connect } from './db/connect.ts';
import { migrateAt } from './db/migrate.ts';
import { makeAudit } from './features/audit/service.ts';
import { grantFirstAdmin } from './features/users/standing-service.ts';
import { startHousekeeping } from './housekeeping.ts';
import { describeError } from './lib/describe-error.ts';
import { authenticate, type KeyRing } from './lib/key-ring.ts';
import { makeLogger } from './lib/make-logger.ts';
import { makeMemoryRateCounter } from './lib/rate-limit/memory-rate-counter.ts';
import type { RateCounter } from './lib/rate-limit/rate-counter.ts';
import { connectRedisRateCounter } from './lib/rate-limit/redis-rate-counter.ts';
import { makeSteadyRateCounter } from './lib/rate-limit/steady-rate-counter.ts';
import { makeSecurityEvents } from './lib/security-events.ts';
import { jwtSecretsOf, keyRingOf } from './server-secrets.ts';

/** A server that listens. */
export interface RunningServer {
  /** Where it can be reached from this machine, without a slash at the end. */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Ends what is in flight, then closes the socket and the database. */
  close(): Promise<void>;
}

/** What a caller may bring instead of the server's own. */
export interface ServerOverrides {
  readonly logger?: Logger;
}

/** The version of this package. */
export function serverVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/**
 * Starts a server.
 *
 * @throws {DataDirectoryInUseError} the embedded database is open in another process.
 * @throws {MigrationError} the schema could not be brought up to date.
 */
export async function startServer(config: Config, overrides: ServerOverrides = {}): Promise<RunningServer> {
  const logger = overrides.logger ?? makeLogger({ level: config.logLevel, format: config.logFormat });
  const onConnectionError = (error: Error): void =>
    logger.warn(
      { event: 'database_connection_lost', error: describeError(error) },
      'database connection lost',
    );
  const connection = await connect(config.database, onConnectionError);
  try {
    await migrateAt(config.database, connection.db, onConnectionError);
    return await listen(config, connection, logger);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function listen(config: Config, connection: Connection, logger: Logger): Promise<RunningServer> {
  const { db } = connection;
  const keyRing = keyRingOf(config);
  const deps: AppDeps = {
    db,
    logger,
    jwtSecrets: jwtSecretsOf(config),
    keyRing,
    version: serverVersion(),
    settings: config,
  };
  await grantAtStart(deps, config, logger);
  const rateCounter = await rateCounterOf(config, keyRing, logger);
  const app = await buildApp({ ...deps, rateCounter });
  const housekeeping = startHousekeeping(db, logger, config);
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    housekeeping.stop();
    await app.close();
    throw error;
  }
  logger.info(
    { event: 'application_start', environment: config.environment, version: deps.version },
    'started',
  );
  return {
    url: urlOf(app.server.address(), config.host),
    app,
    async close() {
      housekeeping.stop();
      await app.close();
      await connection.close();
      logger.info({ event: 'application_shutdown' }, 'stopped');
    },
  };
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
