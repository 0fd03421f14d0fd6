/**
 * @file The embedded database: PGlite in a thread of its own (docs/adr/0036-embedded-database-in-a-thread.md), so
 * that it opens while the server is still being loaded, and a statement holds up no request but its own.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PGliteDialectConfig } from 'kysely';
import { lockDataDirectory } from './data-directory-lock.ts';
import type {
  EmbeddedMessage,
  EmbeddedRequest,
  EmbeddedSetup,
  Numbered,
  SentError,
} from './embedded-messages.ts';

/** What the server needs of a PGlite, in whichever thread it is. */
export type EmbeddedDatabase = Exclude<PGliteDialectConfig['pglite'], (...given: never) => unknown> & {
  /** Resolves once it listens. @returns stops calling. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
};

/** The embedded database does not open. `cause` says why. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';

  constructor(directory: string, cause: unknown) {
    super(
      `the embedded database in ${directory} does not open; if it is damaged, restore a backup into an empty directory`,
      { cause },
    );
  }
}

/** In sources and in what is built of them it lies beside this file; the bundle has it beside its parts. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './embedded-thread.ts' : './embedded-thread.js',
  import.meta.url,
);

/**
 * Takes the data directory and begins to open the database in it; `waitReady` tells when it is open, or why not.
 *
 * @param dataDirectory made if it is not there; PGlite's own folder is `pglite` below it.
 * @throws {DataDirectoryInUseError} another process has it open.
 */
export function openEmbeddedDatabase(dataDirectory: string): EmbeddedDatabase {
  const root = resolve(dataDirectory);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = lockDataDirectory(root);
  const thread = startThread({ folder: join(root, 'pglite') });
  const waitReady = waitUntilOpen(thread, root);
  // Whoever waits for it hears of it.
  waitReady.catch(() => {});
  const query = (sql: string, parameters: readonly unknown[] = []) =>
    thread.ask({ kind: 'query', sql, parameters: parameters.map(withoutNeighbours) });
  let isClosed = false;
  return {
    ready: true,
    waitReady,
    get closed() {
      return isClosed;
    },
    query: query as EmbeddedDatabase['query'],
    async transaction(work) {
      await thread.ask({ kind: 'begin' });
      let isOver = false;
      const end = async (kind: 'commit' | 'rollback'): Promise<void> => {
        if (isOver) return;
        isOver = true;
        await thread.ask({ kind });
      };
      try {
        const outcome = await work({
          query: query as EmbeddedDatabase['query'],
          rollback: () => end('rollback'),
        });
        await end('commit');
        return outcome;
      } catch (error) {
        await end('rollback');
        throw error;
      }
    },
    async listen(channel, onPayload) {
      const stop = thread.onNotification(channel, onPayload);
      await thread.ask({ kind: 'listen', channel });
      return async () => stop();
    },
    async close() {
      isClosed = true;
      try {
        await thread.close();
      } finally {
        lock.release();
      }
    },
  };
}

async function waitUntilOpen(thread: Thread, directory: string): Promise<void> {
  try {
    await thread.ask({ kind: 'open' });
  } catch (error) {
    throw new EmbeddedDatabaseError(directory, error);
  }
}

interface Thread {
  /** @throws {Error} what went wrong, or `Connection terminated` if the thread is gone. */
  ask(request: EmbeddedRequest): Promise<unknown>;
  /** @returns stops calling. */
  onNotification(channel: string, onPayload: (payload: string) => void): () => void;
  /** Closes the database and waits for the end of the thread. */
  close(): Promise<void>;
}

function startThread(workerData: EmbeddedSetup): Thread {
  // Of the environment it has where compiled code is kept; the secrets in it are none of its business.
  const { NODE_COMPILE_CACHE: kept } = process.env;
  const env = kept === undefined ? {} : { NODE_COMPILE_CACHE: kept };
  const worker = new Worker(THREAD, { workerData, env, name: 'embedded database' });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners = new Map<string, (payload: string) => void>();
  let asked = 0;
  let isOpen = false;
  let isClosing = false;
  let cause: unknown;
  let lost: Error | undefined;

  worker.on('message', (message: EmbeddedMessage) => {
    if (message.kind === 'notification') return listeners.get(message.channel)?.(message.payload);
    const asker = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'failed') return asker?.reject(received(message.error));
    isOpen = true;
    return asker?.resolve(message.value);
  });
  worker.on('error', (error) => {
    cause = error;
  });
  const ended = new Promise<void>((resolveEnd) => {
    worker.on('exit', () => {
      lost = new Error('Connection terminated: the thread of the embedded database has ended', { cause });
      for (const asker of waiting.values()) asker.reject(lost);
      waiting.clear();
      resolveEnd();
      // It does not come back: the process has to be started anew. While it opens, whoever opens it is told.
      if (isOpen && !isClosing) throw lost;
    });
  });

  async function ask(request: EmbeddedRequest): Promise<unknown> {
    if (lost !== undefined) throw lost;
    const asker = Promise.withResolvers<unknown>();
    asked += 1;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    worker.postMessage({ id: asked, request } satisfies Numbered);
    waiting.set(asked, asker);
    return asker.promise;
  }

  return {
    ask,
    onNotification(channel, onPayload) {
      listeners.set(channel, onPayload);
      return () => void listeners.delete(channel);
    },
    async close() {
      isClosing = true;
      if (lost === undefined) await ask({ kind: 'close' });
      await ended;
    },
  };
}

/** A copy of bytes that share their memory with others: all of that would go to the thread. */
function withoutNeighbours(parameter: unknown): unknown {
  if (Array.isArray(parameter)) return parameter.map(withoutNeighbours);
  return parameter instanceof Uint8Array && parameter.byteLength < parameter.buffer.byteLength
    ? new Uint8Array(parameter)
    : parameter;
}

function received({ name, message, ...fields }: SentError): Error {
  return Object.assign(new Error(message), { name }, fields);
}
