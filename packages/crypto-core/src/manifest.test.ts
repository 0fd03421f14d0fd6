import { describe, expect, it } from 'vitest';
import { idA, idB, refusal } from '../test/fixtures.ts';
import { bytesToHex } from './bytes.ts';
import { entryLeaf, tombstoneLeaf } from './manifest.ts';

const entry = { entryId: idA, version: 1, vkEpoch: 1, envelopeHash: new Uint8Array(32) };

describe('a leaf', () => {
  it('is another for another entry, version, epoch or envelope, and for a deletion', () => {
    const leaves = [
      entryLeaf(entry),
      entryLeaf({ ...entry, entryId: idB }),
      entryLeaf({ ...entry, version: 2 }),
      entryLeaf({ ...entry, vkEpoch: 2 }),
      entryLeaf({ ...entry, envelopeHash: new Uint8Array(32).fill(1) }),
      tombstoneLeaf({ entryId: idA, version: 1 }),
      tombstoneLeaf({ entryId: idA, version: 2 }),
      tombstoneLeaf({ entryId: idB, version: 1 }),
    ];

    expect(new Set(leaves.map(bytesToHex)).size).toBe(leaves.length);
  });

  it('is refused with a hash of another length, a bad id or a bad number', () => {
    expect(() => entryLeaf({ ...entry, envelopeHash: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => entryLeaf({ ...entry, version: -1 })).toThrow(RangeError);
    expect(() => tombstoneLeaf({ entryId: 'a', version: 1 })).toThrow(
      refusal('ProtocolError', 'uuid-invalid'),
    );
  });
});
