/**
 * @file A bound on costly work: so much at once, so much waiting, and the rest is turned away at once.
 * [Note: Bounded hashing] An Argon2id hash takes about 20 ms of one core. Without a bound a login flood
 * would queue for minutes, and every other route with it; with it, the wait is bounded by the queue.
 */
import { ServiceError } from './service-error.ts';

/** Runs costly work within its bounds. */
export interface WorkQueue {
  /** @throws {ServiceError} `overloaded`, at once, if as much is waiting as may wait. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** True while new work would be turned away. */
  isFull(): boolean;
  /** How much runs and waits now, and how much was turned away so far. */
  load(): { readonly running: number; readonly waiting: number; readonly refused: number };
}

/**
 * Makes a queue.
 *
 * @param bounds.running how much runs at once, at least 1.
 * @param bounds.waiting how much waits for its turn, first come, first served.
 */
export function makeWorkQueue(bounds: { readonly running: number; readonly waiting: number }): WorkQueue {
  const waiting: (() => void)[] = [];
  let running = 0;
  let refused = 0;
  const isFull = (): boolean => running >= bounds.running && waiting.length >= bounds.waiting;
  return {
    isFull,
    load: () => ({ running, waiting: waiting.length, refused }),
    async run(work) {
      if (isFull()) {
        refused += 1;
        throw new ServiceError('overloaded', { retryAfterSeconds: 1 });
      }
      if (running >= bounds.running) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await work();
      } finally {
        // The place goes to the next in line without being given free in between.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
