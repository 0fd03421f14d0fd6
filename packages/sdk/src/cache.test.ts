import { beforeEach, describe, expect, it } from 'vitest';
import { type CachePart, joinParts, makeVaultCache } from './cache.ts';
import { memoryStorage, type Storage } from './storage.ts';

const keyOf = (index: number) => `part-${index}`;
const head = (seq: number) => ({
  seq,
  ciphertext: 'A'.repeat(408),
  iv: 'A'.repeat(16),
  tag: `${'A'.repeat(21)}A`,
});

/** A part of some new entries, each of about 600 bytes. */
function partOf(seq: number, count: number): CachePart {
  const entries = Array.from({ length: count }, () => ({
    id: crypto.randomUUID(),
    version: 1,
    vkEpoch: 1,
    schema: 1,
    ...head(seq),
    revision: seq,
    updatedAt: '2026-11-26T05:34:07.880Z',
  })).map(({ seq: _, ...entry }) => entry);
  return { head: head(seq), revision: seq, entries, deleted: [] };
}

describe('the cache of a vault', () => {
  let storage: Storage;
  let bytesWritten: number;

  beforeEach(() => {
    const memory = memoryStorage();
    bytesWritten = 0;
    storage = {
      ...memory,
      async set(key, value) {
        bytesWritten += value.length;
        await memory.set(key, value);
      },
    };
  });

  it('gives back what was written, however often parts were joined', async () => {
    const parts = [partOf(0, 3), ...Array.from({ length: 300 }, (_, index) => partOf(index + 1, 1))];
    const cache = makeVaultCache(storage, keyOf);
    await cache.replace(parts[0]!);
    for (const part of parts.slice(1)) await cache.append(part);

    const read = await makeVaultCache(storage, keyOf).read();

    expect(read.length).toBeLessThan(80);
    expect(joinParts(read)).toEqual(joinParts(parts));
  });

  it('does not write a large vault again because of 500 small changes', async () => {
    const cache = makeVaultCache(storage, keyOf);
    await cache.replace(partOf(0, 5_000));
    const baseBytes = bytesWritten;

    for (let seq = 1; seq <= 500; seq += 1) await cache.append(partOf(seq, 1));

    expect(baseBytes).toBeGreaterThan(2_000_000);
    expect(bytesWritten - baseBytes).toBeLessThan(baseBytes);
    expect(joinParts(await makeVaultCache(storage, keyOf).read()).entries).toHaveLength(5_500);
  });

  it('gives the same after a crash between joining parts and removing them', async () => {
    const parts = [partOf(0, 500), ...Array.from({ length: 64 }, (_, index) => partOf(index + 1, 1))];
    const [first] = parts[10]!.entries;
    // The entry of an early part is changed, then deleted by later ones: their order counts.
    parts[40] = { ...parts[40]!, entries: [{ ...first!, version: 2 }] };
    parts[60] = { ...parts[60]!, entries: [], deleted: [{ id: first!.id, version: 3 }] };
    const crashing: Storage = {
      ...storage,
      delete: async () => {
        throw new Error('the power is gone');
      },
    };
    const cache = makeVaultCache(crashing, keyOf);
    await cache.replace(parts[0]!);
    const appending = (async () => {
      for (const part of parts.slice(1)) await cache.append(part);
    })();

    await expect(appending).rejects.toThrow('the power is gone');
    const read = await makeVaultCache(storage, keyOf).read();

    expect(read).toHaveLength(65);
    expect(read[1]!.entries.length).toBeGreaterThan(50);
    expect(joinParts(read)).toEqual(joinParts(parts));
  });
});
