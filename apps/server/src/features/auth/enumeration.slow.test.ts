/**
 * Enumeration by time (A6, A7 of the adversary list): answers for logins that exist and for logins that do
 * not take equally long. Requests of both kinds alternate in random order, so that whatever else the machine
 * does falls on both alike. The two-sample Kolmogorov-Smirnov test compares the whole distributions.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FuzzRequest, inject } from '../../../test/every-route/fuzz.ts';
import {
  knownAndUnknown,
  loginOperations,
  loginRequests,
  shapeOf,
} from '../../../test/every-route/login-routes.ts';
import { numberFromEnvironment } from '../../../test/every-route/seeded-random.ts';
import {
  earnestVerifierCost,
  startTestServer,
  type TestServer,
  testKeyRing,
} from '../../../test/test-server.ts';
import { makeVerifiers } from './verifier.ts';

const PAIRS = numberFromEnvironment('ZKVAULT_TIMING_PAIRS', 500);
const WARM_UP = 30;
/** A test at 1 % errs once in a hundred rounds; one that errs three times in a row has found something. */
const ROUNDS = 3;

let server: TestServer;
let known: readonly string[];
let unknown: readonly string[];

beforeAll(async () => {
  server = await startTestServer({
    settings: { maxFailedLogins: 1_000_000, verifierCost: earnestVerifierCost },
  });
  const verifier = await makeVerifiers(testKeyRing, earnestVerifierCost).make(new Uint8Array(32));
  ({ known, unknown } = await knownAndUnknown(server, 200, verifier));
}, 120_000);
afterAll(() => server.close());

/** How long an answer takes, in ms. */
async function timed(request: FuzzRequest): Promise<number> {
  const start = performance.now();
  await inject(server, request);
  return performance.now() - start;
}

interface Comparison {
  readonly p: number;
  readonly medianDifferenceMs: number;
  /** How far apart the medians are by chance alone: on a quiet machine far below 1 ms. */
  readonly noiseMs: number;
  readonly medianMs: number;
}

/** By resampling both kinds together, where there is no difference: the standard deviation of the one found. */
function noiseOf(all: readonly number[]): number {
  const resample = (): number =>
    median(Array.from({ length: all.length / 2 }, () => all[randomInt(all.length)] ?? 0));
  const differences = Array.from({ length: 200 }, () => resample() - resample());
  return Math.sqrt(differences.reduce((sum, difference) => sum + difference ** 2, 0) / differences.length);
}

async function compare(operation: (typeof loginOperations)[number]): Promise<Comparison> {
  const requestFor = loginRequests(operation);
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let pair = -WARM_UP; pair < PAIRS; pair += 1) {
    const kinds = randomInt(2) === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of kinds) {
      const logins = kind === 'known' ? known : unknown;
      const elapsed = await timed(requestFor(logins[randomInt(logins.length)] ?? ''));
      if (pair >= 0) times[kind].push(elapsed);
    }
  }
  return {
    p: kolmogorovSmirnov(times.known, times.unknown),
    medianDifferenceMs: Math.abs(median(times.known) - median(times.unknown)),
    noiseMs: noiseOf([...times.known, ...times.unknown]),
    medianMs: median(times.known),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The probability of so large a distance between two samples of one distribution (asymptotic, Stephens). */
function kolmogorovSmirnov(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [first.toSorted((x, y) => x - y), second.toSorted((x, y) => x - y)];
  let [i, j, distance] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if ((a[i] ?? 0) <= (b[j] ?? 0)) i += 1;
    else j += 1;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  const size = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let term = 1; term <= 100; term += 1)
    sum += (term % 2 === 1 ? 2 : -2) * Math.exp(-2 * term * term * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}

describe('the test of distributions', () => {
  it('finds a difference of a tenth, and none where there is none', () => {
    const sample = (shift: number): number[] =>
      Array.from({ length: 500 }, () => randomInt(1_000_000) / 1_000_000 + shift);

    expect(kolmogorovSmirnov(sample(0), sample(0.2))).toBeLessThan(0.001);
    expect([1, 2, 3].some(() => kolmogorovSmirnov(sample(0), sample(0)) > 0.01)).toBe(true);
    // Table values: p is 0.05 at lambda 1.358 and 0.01 at 1.628.
    expect(kolmogorovSmirnov([1, 2, 3], [1.5, 2.5, 3.5])).toBeGreaterThan(0.9);
  });
});

describe.for(loginOperations.map((operation) => [operation.name, operation] as const))(
  '%s',
  ([name, operation]) => {
    it('takes equally long for a login that exists and for one that does not', {
      timeout: 900_000,
    }, async () => {
      const rounds: Comparison[] = [];
      // 1 ms is the promise; where chance alone moves the medians further, no measurement can be asked for less.
      const isAlike = ({ p, medianDifferenceMs, noiseMs }: Comparison): boolean =>
        p > 0.01 && medianDifferenceMs < Math.max(1, 3 * noiseMs);
      do rounds.push(await compare(operation));
      while (rounds.length < ROUNDS && !rounds.some(isAlike));

      for (const { p, medianMs, medianDifferenceMs, noiseMs } of rounds)
        process.stderr.write(
          `${name}: n = ${PAIRS} each, p = ${p.toFixed(3)}, median ${medianMs.toFixed(3)} ms, difference ${medianDifferenceMs.toFixed(3)} ms, by chance ${noiseMs.toFixed(3)} ms\n`,
        );
      expect(rounds.some(isAlike)).toBe(true);
    });

    it('answers 200 of each in one shape', { timeout: 900_000 }, async () => {
      const requestFor = loginRequests(operation);
      const shapes = new Set<string>();
      for (const login of [...known, ...unknown]) {
        shapes.add(JSON.stringify(shapeOf(await inject(server, requestFor(login)))));
      }

      expect([...shapes]).toHaveLength(1);
    });
  },
);
