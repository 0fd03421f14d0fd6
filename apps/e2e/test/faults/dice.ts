/** @file Chance that can be had again: which fault comes when follows from a seed, which is printed. */
import { randomBytes } from 'node:crypto';

/** A source of chance. */
export interface Dice {
  /** 32 bits. `ZKVAULT_FAULTS_SEED` repeats a run; when a fault meets a request is up to the machine all the same. */
  readonly seed: number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True with a probability of `part`. */
  chance(part: number): boolean;
}

/** Makes the dice of a scenario and prints their seed. */
export function makeDice(scenario: string): Dice {
  const given = process.env['ZKVAULT_FAULTS_SEED'];
  const seed = given === undefined ? randomBytes(4).readUInt32LE() : Number(given) >>> 0;
  process.stdout.write(`faults: ${scenario}, seed ${seed}\n`);
  let state = seed;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (part) => next() < part,
  };
}
