/** @file A storage in memory whose content can be looked at, tampered with, saved and put back. */
import { memoryStorage, type Storage } from '../storage.ts';

const KEY = /^[a-z0-9.-]{1,120}$/;

/** A storage for tests. */
export interface InspectableStorage extends Storage {
  /** What is stored, live: change it and the client reads it so. */
  readonly values: Map<string, Uint8Array>;
  /** The one key that ends so, say `.pins`. @throws {RangeError} there is none. */
  keyEndingWith(end: string): string;
  /** A copy of everything. */
  snapshot(): ReadonlyMap<string, Uint8Array>;
  /** Puts a copy back in place of what is there. */
  restore(values: ReadonlyMap<string, Uint8Array>): void;
}

/**
 * Makes an empty storage that refuses keys an adapter could not use as a file name.
 *
 * @see [Note: Storage keys]
 */
export function inspectableStorage(): InspectableStorage {
  const turns = memoryStorage();
  const values = new Map<string, Uint8Array>();

  function restore(from: ReadonlyMap<string, Uint8Array>): void {
    values.clear();
    for (const [key, value] of from) values.set(key, value.slice());
  }

  return {
    values,
    async get(key) {
      return values.get(key)?.slice();
    },
    async set(key, value) {
      if (!KEY.test(key)) throw new RangeError('a storage key must be 1 to 120 of a-z, 0-9, "." and "-"');
      values.set(key, value.slice());
    },
    async delete(key) {
      values.delete(key);
    },
    exclusively: (key, work) => turns.exclusively!(key, work),
    keyEndingWith(end) {
      const key = [...values.keys()].find((candidate) => candidate.endsWith(end));
      if (key === undefined) throw new RangeError(`no key ends with ${end}`);
      return key;
    },
    snapshot: () => new Map([...values].map(([key, value]) => [key, value.slice()])),
    restore,
  };
}
