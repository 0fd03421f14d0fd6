/**
 * @file The thread of the embedded database: opens PGlite and does what it is asked, in order. It reads nothing but
 * its folder and the messages of the server that started it.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { PGLITE_PARSERS } from './column-parsers.ts';
import type {
  EmbeddedMessage,
  EmbeddedRequest,
  EmbeddedSetup,
  Numbered,
  SentError,
} from './embedded-messages.ts';

/** The transaction that has begun. */
interface Begun {
  readonly transaction: Transaction;
  end(how: 'commit' | 'rollback'): Promise<void>;
}

/** PostgreSQL's own default of 128 MB is laid out page by page at each start: a fifth of its time, and memory for nothing. */
const MEMORY = ['-c', 'shared_buffers=16MB'] as const;

const ROLLED_BACK = Symbol('rolled back');

if (parentPort === null) throw new TypeError('this is the thread of an embedded database, not a program');
const server = parentPort;
const opening = openPglite((workerData as EmbeddedSetup).folder);
// Whoever asks for anything hears of it.
opening.catch(() => {});
let begun: Begun | undefined;

server.on('message', ({ id, request }: Numbered) => void answer(id, request));

async function answer(id: number, request: EmbeddedRequest): Promise<void> {
  try {
    say({ kind: 'done', id, value: await perform(request) });
  } catch (error) {
    say({ kind: 'failed', id, error: sendable(error) });
  }
  if (request.kind === 'close') server.close();
}

function say(message: EmbeddedMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  server.postMessage(message);
}

/** Opens the folder; a new one is made beside it and renamed, so that a stop halfway leaves none behind. */
async function openPglite(folder: string): Promise<PGlite> {
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    const fresh = await PGlite.create({ dataDir: unfinished });
    await fresh.close();
    renameSync(unfinished, folder);
  }
  return PGlite.create({
    dataDir: folder,
    parsers: PGLITE_PARSERS,
    startParams: [...PGlite.defaultStartParams, ...MEMORY],
  });
}

/** @returns what PGlite gives for a statement; for the others nothing. */
async function perform(request: EmbeddedRequest): Promise<unknown> {
  // What did not open needs no closing.
  if (request.kind === 'close') return opening.then(closed, () => {});
  const pglite = await opening;
  if (request.kind === 'query')
    return (begun?.transaction ?? pglite).query(request.sql, [...request.parameters]);
  if (request.kind === 'begin') begun = await begin(pglite);
  else if (request.kind === 'listen') await listen(pglite, request.channel);
  else if (request.kind !== 'open') await end(request.kind);
  return undefined;
}

const closed = (pglite: PGlite): Promise<void> => pglite.close();

async function listen(pglite: PGlite, channel: string): Promise<void> {
  await pglite.listen(channel, (payload) => say({ kind: 'notification', channel, payload }));
}

async function end(how: 'commit' | 'rollback'): Promise<void> {
  const ending = begun;
  begun = undefined;
  await ending?.end(how);
}

/** PGlite runs a transaction as long as a function does: this one waits to be told how it ends. */
async function begin(pglite: PGlite): Promise<Begun> {
  return new Promise((resolve, reject) => {
    const finish = Promise.withResolvers<void>();
    const ended = pglite.transaction((transaction) => {
      resolve({
        transaction,
        async end(how) {
          if (how === 'commit') finish.resolve();
          else finish.reject(ROLLED_BACK);
          await ended.catch((error: unknown) => {
            if (error !== ROLLED_BACK) throw error;
          });
        },
      });
      return finish.promise;
    });
    ended.catch(reject);
  });
}

function sendable(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, code, constraint, table, routine } = error as SentError;
  return { name, message, code, constraint, table, routine };
}
