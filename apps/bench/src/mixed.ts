/**
 * @file Mixed traffic of many people at once: 70 % delta syncs, 20 % reads, 8 % commits, 2 % logins, each person
 * one request after the other with a pause between. It looks for errors, and for times that grow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry, LoginAnswer } from '@zkvault/contract';
import { type Answer, type Call, call, millisecondsOf, RefusedError } from './http.ts';
import { bearer, loginBody, makeEnvelope, post } from './people.ts';
import { type BenchVault, commit, fillVault, makePuts, makeVault } from './vaults.ts';

/** What one kind of request took, in milliseconds. */
export interface Latencies {
  readonly kind: Kind;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  /** p99 of the last quarter of the run over that of the first. */
  readonly growth: number;
}

/** What came of a run. */
export interface MixedOutcome {
  readonly processes: number;
  readonly people: number;
  readonly seconds: number;
  readonly errors: readonly string[];
  /** Logins that were told to come back because the server was busy, and did; their wait is part of their time. */
  readonly cameBack: number;
  readonly latencies: readonly Latencies[];
}

type Kind = 'delta sync' | 'read' | 'commit' | 'login';

/** One request that was answered. */
interface Sample {
  readonly kind: Kind;
  /** Part of the run that had passed, 0 to 1. */
  readonly at: number;
  readonly milliseconds: number;
}

interface Walker extends BenchVault {
  readonly url: string;
  readonly entryId: string;
  headers: Record<string, string>;
  cameBack: number;
}

const ENTRIES = 50;
const PAUSE_MS = 250;
/** As the SDK has it. */
const MAX_ATTEMPTS = 3;

/** Plays the traffic on one or several server processes of one database. */
export async function playMixed(
  urls: readonly string[],
  { people, seconds }: { readonly people: number; readonly seconds: number },
): Promise<MixedOutcome> {
  const walkers: Walker[] = [];
  for (let index = 0; index < people; index += 1) walkers.push(await makeWalker(urls[index % urls.length]!));
  const samples: Sample[] = [];
  const errors: string[] = [];
  const started = performance.now();
  await Promise.all(
    walkers.map(async (walker, index) => {
      const choose = makeChooser(index);
      await sleep((PAUSE_MS * index) / people);
      while (performance.now() - started < seconds * 1_000) {
        const kind = kindOf(choose());
        const at = (performance.now() - started) / (seconds * 1_000);
        try {
          samples.push({ kind, at, milliseconds: await millisecondsOf(() => actions[kind](walker)) });
        } catch (error) {
          errors.push(`${kind}: ${(error as Error).message}`);
        }
        await sleep(PAUSE_MS * (0.5 + choose()));
      }
    }),
  );
  const kinds = Object.keys(actions) as Kind[];
  const latencies = kinds.map((kind) => latenciesOf(kind, samples));
  const cameBack = walkers.reduce((sum, walker) => sum + walker.cameBack, 0);
  return { processes: urls.length, people, seconds, errors, cameBack, latencies };
}

async function makeWalker(url: string): Promise<Walker> {
  const vault = await makeVault(url);
  await fillVault(url, vault, ENTRIES);
  const headers = bearer(vault.person);
  const { id } = await post<Entry>(`${url}/api/v1/entries`, makeEnvelope(), headers);
  return {
    ...vault,
    seq: vault.seq + 1,
    revision: vault.revision + 1,
    url,
    entryId: id,
    headers,
    cameBack: 0,
  };
}

const actions: Readonly<Record<Kind, (walker: Walker) => Promise<void>>> = {
  async 'delta sync'({ url, path, revision, headers }) {
    await call(`${url}${path}/changes?since=${revision - 1}`, { headers });
  },
  async read({ url, entryId, headers }) {
    await call(`${url}/api/v1/entries/${entryId}`, { headers });
  },
  commit: (walker) => commit(walker.url, walker, makePuts(1)),
  async login(walker) {
    const body = JSON.stringify(loginBody(walker.person));
    const answer = await callUntilTaken(walker, `${walker.url}/api/v1/auth/login`, { method: 'POST', body });
    const { accessToken } = JSON.parse(answer.text()) as LoginAnswer;
    walker.headers = { authorization: `Bearer ${accessToken}` };
  },
};

/** A login that is turned away for load comes again when it was told to, as the SDK's does. */
async function callUntilTaken(walker: Walker, url: string, request: Call): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call(url, request);
    } catch (error) {
      const isBusy = error instanceof RefusedError && error.status === 503;
      if (!isBusy || error.retryAfterSeconds === undefined || attempt === MAX_ATTEMPTS) throw error;
      walker.cameBack += 1;
      await sleep(error.retryAfterSeconds * 1_000);
    }
  }
}

function kindOf(share: number): Kind {
  if (share < 0.7) return 'delta sync';
  if (share < 0.9) return 'read';
  return share < 0.98 ? 'commit' : 'login';
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function makeChooser(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function latenciesOf(kind: Kind, samples: readonly Sample[]): Latencies {
  const own = samples.filter((sample) => sample.kind === kind);
  const timesOf = (part: readonly Sample[]) =>
    part.map(({ milliseconds }) => milliseconds).toSorted((one, other) => one - other);
  const first = timesOf(own.filter(({ at }) => at < 0.25));
  const last = timesOf(own.filter(({ at }) => at >= 0.75));
  const all = timesOf(own);
  return {
    kind,
    requests: own.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    growth: quantile(last, 0.99) / quantile(first, 0.99),
  };
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
