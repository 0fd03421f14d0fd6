/** @file Leaves of a vault's manifest: what the tree says about one entry (docs/protocol.md section 6). */
import { concatBytes } from './bytes.ts';
import { encodeFields, uuidToBytes } from './encoding.ts';
import { labels, treePrefixes } from './labels.ts';
import { HASH_BYTES, sha256 } from './primitives/hash.ts';

const LEAF_PREFIX = Uint8Array.of(treePrefixes.leaf);

/**
 * Hashes what a manifest says about an entry that exists.
 *
 * @param entry.envelopeHash 32 bytes, of the entry's envelope.
 * @returns 32 bytes.
 * @throws {ProtocolError} `uuid-invalid`.
 * @throws {RangeError} a number or the hash is out of bounds.
 */
export function entryLeaf(entry: {
  readonly entryId: string;
  readonly version: number;
  readonly vkEpoch: number;
  readonly envelopeHash: Uint8Array;
}): Uint8Array {
  const { entryId, version, vkEpoch, envelopeHash } = entry;
  if (envelopeHash.length !== HASH_BYTES)
    throw new RangeError(`envelopeHash must be ${HASH_BYTES} bytes, got ${envelopeHash.length}`);
  return hashLeaf(encodeFields(labels.leaf, uuidToBytes(entryId), version, vkEpoch, envelopeHash));
}

/**
 * Hashes what a manifest says about an entry that was deleted.
 *
 * @param deletion.version the deletion's own: the entry's last version + 1.
 * @returns 32 bytes.
 * @throws {ProtocolError} `uuid-invalid`.
 */
export function tombstoneLeaf(deletion: { readonly entryId: string; readonly version: number }): Uint8Array {
  return hashLeaf(encodeFields(labels.tombstone, uuidToBytes(deletion.entryId), deletion.version));
}

function hashLeaf(encoded: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF_PREFIX, encoded));
}
