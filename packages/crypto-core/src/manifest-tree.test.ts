import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idA, idB, refusal } from '../test/fixtures.ts';
import { bytesToHex, concatBytes } from './bytes.ts';
import { uuidToBytes } from './encoding.ts';
import { emptyManifestTree, type LeafChange, type ManifestTree, makeManifestTree } from './manifest-tree.ts';
import { sha256 } from './primitives/hash.ts';

type Leaves = ReadonlyMap<string, Uint8Array>;

/** The root as the protocol writes it down, from the whole set, without any sharing. */
function naiveRoot(leaves: Leaves): Uint8Array {
  const sorted = Array.from(leaves, ([entryId, leaf]) => ({
    path: bytesToHex(sha256(uuidToBytes(entryId))),
    leaf,
  })).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const node = (set: typeof sorted, depth: number): Uint8Array => {
    if (set.length === 0) return new Uint8Array(32);
    if (set.length <= 16) return sha256(concatBytes(Uint8Array.of(1), ...set.map(({ leaf }) => leaf)));
    const parts = Array.from('0123456789abcdef', (nibble) =>
      set.filter(({ path }) => path[depth] === nibble),
    );
    return sha256(concatBytes(Uint8Array.of(2), ...parts.map((part) => node(part, depth + 1))));
  };
  return node(sorted, 0);
}

/** An id whose digits follow its number. */
function idOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function leafOf(number: number): Uint8Array {
  return sha256(Uint8Array.of(number & 255, (number >> 8) & 255, (number >> 16) & 255));
}

function treeOf(count: number, start: ManifestTree = emptyManifestTree): ManifestTree {
  return start.with(
    Array.from({ length: count }, (_, number) => ({ entryId: idOf(number), leaf: leafOf(number) })),
  );
}

const change: fc.Arbitrary<LeafChange> = fc.record({
  entryId: fc.nat(120).map(idOf),
  leaf: fc.oneof(
    { weight: 3, arbitrary: fc.nat(1000).map(leafOf) },
    { weight: 2, arbitrary: fc.constant(undefined) },
  ),
});

describe('a manifest tree', () => {
  it('has the root that the protocol defines, after any writes and deletions in any portions', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 8 }), (portions) => {
        const leaves = new Map<string, Uint8Array>();
        let tree = emptyManifestTree;
        for (const portion of portions) {
          tree = tree.with(portion);
          for (const { entryId, leaf } of portion) {
            if (leaf === undefined) leaves.delete(entryId);
            else leaves.set(entryId, leaf);
          }

          expect(tree.count).toBe(leaves.size);
          expect(bytesToHex(tree.root())).toBe(bytesToHex(naiveRoot(leaves)));
        }
      }),
      { numRuns: 150 },
    );
  });

  it.for([0, 1, 15, 16, 17, 18, 255, 256, 257, 1000, 5000])('of %d leaves equals the definition', (count) => {
    const leaves = new Map(Array.from({ length: count }, (_, number) => [idOf(number), leafOf(number)]));

    expect(bytesToHex(treeOf(count).root())).toBe(bytesToHex(naiveRoot(leaves)));
  });

  it('is as it was after a change was made and undone, across the size of a bucket', () => {
    for (const count of [0, 1, 15, 16, 17, 300]) {
      const before = treeOf(count);
      const after = before.with([{ entryId: idOf(9999), leaf: leafOf(1) }]);

      expect(after.root()).not.toEqual(before.root());
      expect(after.with([{ entryId: idOf(9999), leaf: undefined }]).root()).toEqual(before.root());
    }
  });

  it('stays valid after trees were made from it', () => {
    const tree = treeOf(500);
    const root = tree.root();

    tree
      .with([{ entryId: idOf(3), leaf: leafOf(4) }])
      .with([{ entryId: idOf(5), leaf: undefined }])
      .root();
    tree.root().fill(0);

    expect(tree.root()).toEqual(root);
    expect(tree.count).toBe(500);
  });

  it('does not change when the bytes it was given do', () => {
    const leaf = leafOf(1);
    const tree = emptyManifestTree.with([{ entryId: idA, leaf }]);
    const root = bytesToHex(tree.root());

    leaf.fill(0);

    expect(bytesToHex(tree.with([{ entryId: idB, leaf: undefined }]).root())).toBe(root);
  });

  it('takes the later of two changes of one entry', () => {
    const twice = emptyManifestTree.with([
      { entryId: idA, leaf: leafOf(1) },
      { entryId: idA, leaf: leafOf(2) },
    ]);

    expect(twice.root()).toEqual(emptyManifestTree.with([{ entryId: idA, leaf: leafOf(2) }]).root());
  });

  it('tells a swap of two leaves between two entries', () => {
    const tree = treeOf(2);
    const swapped = emptyManifestTree.with([
      { entryId: idOf(0), leaf: leafOf(1) },
      { entryId: idOf(1), leaf: leafOf(0) },
    ]);

    expect(swapped.root()).not.toEqual(tree.root());
  });

  it('refuses a leaf of another length and an id that is none', () => {
    expect(() => emptyManifestTree.with([{ entryId: idA, leaf: new Uint8Array(31) }])).toThrow(RangeError);
    expect(() => emptyManifestTree.with([{ entryId: 'a', leaf: leafOf(1) }])).toThrow(
      refusal('ProtocolError', 'uuid-invalid'),
    );
  });
});

describe('a change of one leaf among 100,000', () => {
  it('hashes its path only, and the other leaves never again', { timeout: 120_000 }, () => {
    let hashes = 0;
    const counted = makeManifestTree((bytes) => {
      hashes += 1;
      return sha256(bytes);
    });
    const tree = treeOf(100_000, counted);
    tree.root();
    const buildHashes = hashes;

    const costs = [
      [{ entryId: idOf(77_777), leaf: leafOf(1) }],
      [{ entryId: idOf(100_001), leaf: leafOf(2) }],
      [{ entryId: idOf(5), leaf: undefined }],
    ].map((changes) => {
      hashes = 0;
      tree.with(changes).root();
      return hashes;
    });
    hashes = 0;
    tree.root();

    expect(hashes).toBe(0);
    expect(buildHashes).toBeGreaterThan(100_000);
    // The id's own hash, at most 7 levels of the path, and 16 new buckets if the change overflows one.
    for (const cost of costs) {
      expect(cost).toBeGreaterThanOrEqual(5);
      expect(cost).toBeLessThanOrEqual(1 + 7 + 16);
    }
  });
});
