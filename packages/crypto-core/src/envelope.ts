/**
 * @file The one ciphertext format: a key-committing AES-256-GCM envelope (docs/protocol.md section 4).
 * Nothing here takes a nonce, a salt or a key id from its caller.
 */
import { encodeFields } from './encoding.ts';
import type { SealingKey } from './keys.ts';
import { labels } from './labels.ts';
import type { PlaceKind, PlaceOf } from './place.ts';
import { IV_BYTES } from './primitives/aes-gcm.ts';
import { sha256 } from './primitives/hash.ts';
import { randomBytes } from './primitives/random.ts';
import { decodeEnvelope, type Envelope, openBytes, SALT_BYTES, sealWith } from './sealing.ts';

/**
 * Seals a plaintext for one place.
 *
 * @param key a subkey made for this kind of object.
 * @param place what the envelope is and where it belongs; authenticated, never transmitted.
 * @param plaintext any length, 0 included; its length is hidden in buckets.
 * @returns a fresh envelope; two calls never give the same bytes.
 * @throws {RangeError} a field of the place is missing or out of bounds.
 * @throws {ZkvaultError} `random-source-broken`.
 * @see docs/protocol.md section 4
 */
export async function seal<Kind extends PlaceKind>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  plaintext: Uint8Array,
): Promise<Envelope> {
  // Both in one draw: a draw and its probe take as long as the encryption of an entry.
  const drawn = randomBytes(SALT_BYTES + IV_BYTES);
  const freshness = { salt: drawn.subarray(0, SALT_BYTES), iv: drawn.subarray(SALT_BYTES) };
  return sealWith(key, place, plaintext, freshness);
}

/**
 * Opens an envelope made by {@link seal}.
 *
 * @param envelope untrusted, as the server returned it.
 * @param place where the caller found it; must equal the place it was sealed for.
 * @returns the plaintext; the caller owns it.
 * @throws {ProtocolError} not an envelope: wrong length, suite or encoding.
 * @throws {IntegrityError} wrong key, wrong place or altered bytes, which are not told apart.
 */
export async function open<Kind extends PlaceKind>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  envelope: Envelope,
): Promise<Uint8Array> {
  return openBytes(key, place, decodeEnvelope(envelope));
}

/**
 * Hashes an envelope over its decoded bytes, for leaves and for the chain of manifests.
 *
 * @param envelope untrusted.
 * @returns 32 bytes.
 * @throws {ProtocolError} not an envelope.
 */
export function envelopeHash(envelope: Envelope): Uint8Array {
  const { ciphertext, iv, tag } = decodeEnvelope(envelope);
  return sha256(encodeFields(labels.envelopeHash, ciphertext, iv, tag));
}
