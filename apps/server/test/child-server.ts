/** @file The server as processes of their own, which a test starts and ends. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

/** A server in a process. */
export interface ChildServer {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The exit code; null after a signal that ended it. */
  readonly exit: Promise<number | null>;
  /** What it has written so far. */
  output(): string;
  /** Where it listens, once it does. @throws {Error} it ended before. */
  url(): Promise<string>;
}

/** The servers that a test has started. */
export interface ChildServers {
  start(environment?: Readonly<Record<string, string>>): ChildServer;
  killAll(): void;
}

/** Starts servers on the embedded database in a directory. */
export function childServers(directory: string): ChildServers {
  const children = new Set<ChildServer['child']>();
  return {
    start(environment = {}) {
      const child = spawn(process.execPath, ['--conditions=@zkvault/source', MAIN], {
        env: { PATH: process.env['PATH'] ?? '', PORT: '0', ZKVAULT_DATA_DIR: directory, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.add(child);
      return watch(child);
    },
    killAll() {
      for (const child of children) child.kill('SIGKILL');
      children.clear();
    },
  };
}

function watch(child: ChildServer['child']): ChildServer {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  // Not `exit`: what it wrote last may come after that.
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exit,
    output: () => output,
    async url() {
      while (child.exitCode === null) {
        const found = /listening on (http:\/\/localhost:\d+)/.exec(output)?.[1];
        if (found !== undefined) return found;
        await Promise.race([once(child.stdout, 'data'), exit]);
      }
      throw new Error(output);
    },
  };
}
