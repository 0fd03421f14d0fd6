/**
 * @file Opens the database: PostgreSQL where a URL is given, embedded PGlite otherwise.
 * Both give the same JavaScript values: bigint as number, bytea as Uint8Array, timestamptz as Date.
 */
import { Socket } from 'node:net';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type ChangeSource, pgliteChangeSource, postgresChangeSource } from './change-source.ts';
import { BYTEA, INT8, safeInteger } from './column-parsers.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.ts';
import { postgresDialect } from './postgres-driver.ts';
import { makePipes } from './postgres-pipes.ts';
import type { Database, Db } from './schema.ts';
import { tellVaultChanges } from './transact.ts';

/** Where the data is. */
export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string }
  /** PGlite's own folder is `pglite` below `dataDirectory`. */
  | { readonly kind: 'pglite'; readonly dataDirectory: string };

/** An open database. */
export interface Connection {
  readonly db: Db;
  /** The pool's connections now; undefined where there is no pool. */
  readonly pool?: () => PoolLoad;
  /** Closes every connection and gives the data directory free. */
  close(): Promise<void>;
}

/** A database that tells what changes in it. */
export interface LiveConnection extends Connection {
  /** Resolves once it is open; PostgreSQL's connections are opened when they are needed. */
  readonly opened: Promise<void>;
  readonly changes: ChangeSource;
}

/** The connections of a pool. */
export interface PoolLoad {
  readonly open: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

/** Bounds of one connection pool and of what its statements may take. */
const POOL = {
  max: 10,
  connectionTimeoutMillis: 3_000,
  statement_timeout: 15_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;

const IDENTITY = {
  types: { getTypeParser },
  application_name: 'zkvault',
  // Every statement goes by keys, so its best plan is the same for all parameters; the default weighs that anew
  // at each execution of some, and planning costs more than what they do.
  options: '-c plan_cache_mode=force_generic_plan',
} as const;

/** Connections that quick reads share, and how long one of these may take before its connection is given up. */
const PIPES = { count: 2, query_timeout: 5_000 } as const;

/**
 * How long a connection of the pool may carry nothing while a statement waits for its answer. Longer than any
 * statement may take: then the connection itself is dead, and no one has told us (a firewall has forgotten it, the
 * other machine is gone). Idle connections do not get so old.
 */
const SILENCE_MS = 20_000;

/** Says whether a lost connection is worth a log line; it is called with the driver's error. */
export type OnConnectionError = (error: Error) => void;

/**
 * Begins to open the database: statements wait until it is open.
 *
 * @param onConnectionError called when an idle or a checked-out PostgreSQL connection breaks.
 * @param embedded the embedded database, where somebody has begun to open it.
 * @throws {DataDirectoryInUseError} another process has the embedded database open.
 */
export function connect(
  location: DatabaseLocation,
  onConnectionError: OnConnectionError,
  embedded?: EmbeddedDatabase,
): LiveConnection {
  return location.kind === 'postgres'
    ? connectPostgres(location.url, onConnectionError)
    : pgliteConnection(embedded ?? openEmbeddedDatabase(location.dataDirectory));
}

/**
 * Opens one PostgreSQL connection without statement timeouts, for migrations and backups.
 *
 * @param onConnectionError as in {@link connect}.
 */
export function connectForMigrations(url: string, onConnectionError: OnConnectionError): Connection {
  const pool = makePool(
    { connectionString: url, max: 1, connectionTimeoutMillis: 10_000 },
    onConnectionError,
  );
  return connection(pool, new PostgresDialect({ pool }));
}

function connectPostgres(url: string, onConnectionError: OnConnectionError): LiveConnection {
  const config = { ...IDENTITY, ...POOL, connectionString: url };
  const pool = makePool({ ...config, pipeline: true, stream: impatientSocket }, onConnectionError);
  const pipes = makePipes({ ...config, query_timeout: PIPES.query_timeout }, PIPES.count, onConnectionError);
  const opened = Promise.resolve();
  return live({ ...connection(pool, postgresDialect({ pool, pipes })), opened }, postgresChangeSource(url));
}

function live(connected: Omit<LiveConnection, 'changes'>, changes: ChangeSource): LiveConnection {
  tellVaultChanges(connected.db, changes.tell);
  return { ...connected, changes };
}

function impatientSocket(): Socket {
  const socket = new Socket();
  return socket.setTimeout(SILENCE_MS, () =>
    socket.destroy(Object.assign(new Error('the database has fallen silent'), { code: 'ETIMEDOUT' })),
  );
}

function connection(pool: pg.Pool, dialect: Dialect): Connection {
  const db = new Kysely<Database>({ dialect });
  const load = (): PoolLoad => ({
    open: pool.totalCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  });
  return { db, pool: load, close: () => db.destroy() };
}

function makePool(config: pg.PoolConfig, onConnectionError: OnConnectionError): pg.Pool {
  const pool = new pg.Pool({ ...IDENTITY, ...config });
  pool.on('error', onConnectionError);
  // A checked-out client emits `error` itself when its connection breaks, and an unheard `error`
  // event ends the process, whatever the pool listens to.
  pool.on('connect', (client) => client.on('error', onConnectionError));
  return pool;
}

const parsers: { getTypeParser(oid: number, format?: 'text' | 'binary'): (value: never) => unknown } =
  pg.types;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: never) => unknown {
  if (format !== 'binary') {
    if (oid === INT8) return safeInteger;
    if (oid === BYTEA) return bytesFromHex;
  }
  return parsers.getTypeParser(oid, format);
}

/** bytea as PostgreSQL writes it: `\x` and hexadecimal digits. */
function bytesFromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

/**
 * A connection over a PGlite. That has one connection; Kysely gives it to one transaction or query at a time, so a
 * query outside the transaction must never be awaited inside it.
 *
 * @param pglite opened with the parsers of `column-parsers.ts`; closed with the connection.
 */
export function pgliteConnection(pglite: EmbeddedDatabase): LiveConnection {
  const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) });
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely leaves a database alone that it never used.
    if (!pglite.closed) await pglite.close();
  };
  return live({ db, opened: pglite.waitReady, close }, pgliteChangeSource(pglite));
}
