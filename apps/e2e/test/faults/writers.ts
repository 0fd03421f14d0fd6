/**
 * @file Clients that write and take note: of an id before it is sent, and of its acknowledgement after. The checker
 * reads everything back with a client that knows nothing, which verifies every manifest, and with the writers' own,
 * which remember what they have seen.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AuthError,
  ConflictError,
  createVaultClient,
  memoryStorage,
  RateLimitError,
  TransportError,
  type VaultClient,
} from '@zkvault/sdk';
import { makeInsecureKdf } from '@zkvault/sdk/testing';
import type { Dice } from './dice.ts';
import type { Damage } from './figures.ts';

const REALM = 'vault.example.com';
const PASSWORD = 'seven cats juggle 42 turnips';

/** Patience of clients that must succeed. */
const QUIET_MS = 60_000;

/** A commit of one or several entries. */
interface Batch {
  readonly titles: readonly string[];
  isAcknowledged: boolean;
}

/** One client, its account, and its notes. */
interface Writer {
  readonly login: string;
  readonly client: VaultClient;
  readonly batches: Batch[];
  /** An entry that it overwrites with rising numbers. */
  readonly counterId: string;
  attemptedCount: number;
  acknowledgedCount: number;
}

/** Writers at work. */
export interface Writers {
  /** Entries and new values acknowledged so far. */
  acknowledged(): number;
  /** Ends when every writer has finished the write it is at. */
  stop(): Promise<void>;
  /** Reads everything back, through a link without faults. @throws {IntegrityError} a manifest does not fit. */
  check(baseUrl: string): Promise<Damage>;
  /** What no writer may ever see: anything but a lost connection, a refusal for now, or a conflict. */
  readonly surprises: readonly string[];
}

/** How the writers work. */
export interface WritersOptions {
  readonly count: number;
  /** For accounts and the first entry: must work. */
  readonly quietUrl: string;
  /** For all other writes. */
  readonly baseUrl: string;
  readonly dice: Dice;
  /** Most entries of one commit. */
  readonly batchSize: number;
  readonly timeoutMs: number;
}

/** Registers accounts and sets their clients to work. */
export async function startWriters(options: WritersOptions): Promise<Writers> {
  const { dice, batchSize } = options;
  const kdf = makeInsecureKdf();
  const surprises: string[] = [];
  const stopping = new AbortController();
  let loggedOut = 0;
  let unanswered = 0;
  let acknowledged = 0;

  const clientOf = (baseUrl: string, storage = memoryStorage(), timeoutMs = QUIET_MS): VaultClient =>
    createVaultClient({ baseUrl, realm: REALM, storage, kdf, timeoutMs });

  async function makeWriter(index: number): Promise<Writer> {
    const login = `writer-${index}-${randomBytes(4).toString('hex')}`;
    const storage = memoryStorage();
    const quiet = clientOf(options.quietUrl, storage);
    await quiet.register({ login, password: PASSWORD, secretKey: 'none' });
    await quiet.login({ login, password: PASSWORD });
    const { id } = await quiet.entries.create({ type: 'note', title: 'counter', notes: '0' });
    const client = clientOf(options.baseUrl, storage, options.timeoutMs);
    await client.unlock({ password: PASSWORD });
    return { login, client, counterId: id, batches: [], attemptedCount: 0, acknowledgedCount: 0 };
  }

  /** Writes once. */
  async function write(writer: Writer): Promise<void> {
    if (dice.chance(0.25)) {
      writer.attemptedCount += 1;
      const value = writer.attemptedCount;
      await writer.client.entries.update(writer.counterId, { notes: `${value}` });
      writer.acknowledgedCount = value;
      acknowledged += 1;
      return;
    }
    const first = writer.batches.reduce((sum, { titles }) => sum + titles.length, 0);
    const titles = Array.from({ length: dice.between(1, batchSize) }, (_, index) => `entry ${first + index}`);
    const batch: Batch = { titles, isAcknowledged: false };
    writer.batches.push(batch);
    await writer.client.entries.createMany(titles.map((title) => ({ type: 'note', title })));
    batch.isAcknowledged = true;
    acknowledged += titles.length;
  }

  async function work(writer: Writer): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await write(writer);
      } catch (error) {
        unanswered += 1;
        if (error instanceof AuthError) {
          loggedOut += 1;
          surprises.push(`${error.name} ${error.code}`);
          return;
        }
        if (!isExpected(error)) {
          surprises.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
          return;
        }
        await sleep(dice.between(10, 50));
      }
    }
  }

  async function checkWriter(writer: Writer, baseUrl: string) {
    const stranger = clientOf(baseUrl);
    await stranger.login({ login: writer.login, password: PASSWORD });
    const entries = await stranger.entries.list();
    await writer.client.sync();
    const own = new Set((await writer.client.entries.list()).map(({ id }) => id));
    const counts = new Map<string, number>();
    for (const { title } of entries) counts.set(title, (counts.get(title) ?? 0) + 1);
    const missing = (titles: readonly string[]) => titles.filter((title) => !counts.has(title)).length;
    const tornBatches = writer.batches.filter(
      ({ titles }) => missing(titles) > 0 && missing(titles) < titles.length,
    ).length;
    const lostEntries = writer.batches
      .filter(({ isAcknowledged }) => isAcknowledged)
      .reduce((sum, { titles }) => sum + missing(titles), 0);
    const known = new Set(['counter', ...writer.batches.flatMap(({ titles }) => titles)]);
    const unknown = [...counts.keys()].filter((title) => !known.has(title)).length;
    const counter = entries.find(({ id }) => id === writer.counterId);
    const value = Number(counter?.type === 'note' ? counter.notes : Number.NaN);
    const differs = entries.filter(({ id }) => !own.has(id)).length + Math.abs(own.size - entries.length);
    return {
      lost: lostEntries + (value >= writer.acknowledgedCount ? 0 : 1),
      torn: tornBatches + unknown + differs + (value <= writer.attemptedCount ? 0 : 1),
      doubled: [...counts.values()].filter((count) => count > 1).length,
    };
  }

  const writers = await Promise.all(Array.from({ length: options.count }, (_, index) => makeWriter(index)));
  const working = writers.map(work);
  return {
    surprises,
    acknowledged: () => acknowledged,
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
    async check(baseUrl) {
      let [lost, torn, doubled] = [0, 0, 0];
      for (const writer of writers) {
        const found = await checkWriter(writer, baseUrl);
        lost += found.lost;
        torn += found.torn;
        doubled += found.doubled;
      }
      return { acknowledged, unanswered, lost, torn, doubled, loggedOut };
    },
  };
}

/** A writer must live with these: the SDK says of each that the write may be tried again, or may have happened. */
function isExpected(error: unknown): boolean {
  return error instanceof TransportError || error instanceof RateLimitError || error instanceof ConflictError;
}
