/** @file The real server in a process of its own, reached over a real socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILED_CODE } from '../../../test/compiled-code.ts';
import { fillDataDirectory } from '../../../test/data-directory.ts';

/** The server's program, of the sources. */
export const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url));
const START_MS = 60_000;

/** Everybody in these tests has one address. */
const WITHOUT_RATE_LIMITS = {
  RATE_LIMIT_PER_MINUTE: 'off',
  SESSION_RATE_LIMIT: 'off',
  LOGIN_RATE_LIMIT: 'off',
  REGISTER_RATE_LIMIT: 'off',
  REFRESH_RATE_LIMIT: 'off',
};

/** Where the server keeps its data; without a URL its database is embedded there. */
export interface ServerDatabase {
  readonly dataDirectory: string;
  readonly databaseUrl?: string;
}

/** A server that answers. */
export interface ServerProcess {
  readonly baseUrl: string;
  /** Its process id. */
  readonly processId: number;
  /** Everything it has written to its two outputs. */
  output(): string;
  /** Its exit code, once it has ended; null if a signal ended it. */
  readonly exit: Promise<number | null>;
  /** Ends it as Ctrl-C does, and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends it as a crash does: no handler runs. */
  kill(): Promise<void>;
}

/** A folder for a server's data, with an embedded database that is migrated already, and how to remove it. */
export async function makeDataDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'zkvault-e2e-'));
  await fillDataDirectory(path);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Starts the server on a free port of the loopback, without rate limits.
 *
 * @param env more of its configuration.
 * @param command what runs the server; by default Node with the sources.
 * @throws {Error} it ended before it listened; the message has what it wrote.
 */
export async function startServer(
  database: ServerDatabase,
  env: Readonly<Record<string, string>> = {},
  command: readonly [string, ...string[]] = [process.execPath, '--conditions=@zkvault/source', MAIN],
): Promise<ServerProcess> {
  const [program, ...words] = command;
  const child = spawn(program, words, {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: COMPILED_CODE,
      HOST: '127.0.0.1',
      PORT: '0',
      ZKVAULT_DATA_DIR: database.dataDirectory,
      ...WITHOUT_RATE_LIMITS,
      ...(database.databaseUrl === undefined ? {} : { DATABASE_URL: database.databaseUrl }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  // Not `exit`: what it wrote last may come after that.
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const port = await waitForPort(child, exit, () => output);
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    processId: child.pid ?? 0,
    exit,
    output: () => output,
    stop: () => end(child, exit, 'SIGINT'),
    kill: () => end(child, exit, 'SIGKILL'),
  };
}

async function waitForPort(
  child: ChildProcess,
  exit: Promise<unknown>,
  output: () => string,
): Promise<string> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const port = /http:\/\/(?:127\.0\.0\.1|localhost):([1-9]\d*)/.exec(output())?.[1];
    if (port !== undefined) return port;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  await exit;
  throw new Error(`the server did not start:\n${output()}`);
}

async function end(child: ChildProcess, exit: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exit;
}
