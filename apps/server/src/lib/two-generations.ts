/** @file A bounded memory that forgets what nobody has asked for: every step is of constant cost. */

/** What is remembered, by name. */
export interface Generations<Value> {
  find(name: string): Value | undefined;
  keep(name: string, value: Value): void;
}

/**
 * Keeps values in two generations: whatever is kept belongs to the young one, and when that is full it
 * becomes the old one, in place of what nobody has kept since. Deleting the eldest of one large Map is not
 * of constant cost; and what is kept again and again is never forgotten before what is not.
 *
 * @param size of one generation; up to twice as many are remembered.
 */
export function makeGenerations<Value>(size: number): Generations<Value> {
  let young = new Map<string, Value>();
  let old = young;
  return {
    find: (name) => young.get(name) ?? old.get(name),
    keep(name, value) {
      if (young.size >= size && !young.has(name)) {
        old = young;
        young = new Map();
      }
      young.set(name, value);
    },
  };
}
