/**
 * @file AES-256-GCM and SHA-256 by OpenSSL, in the same turn of the event loop: what the `node` condition of
 * `#platform` (package.json) takes in place of `primitives/web-platform.ts`. An entry is so small that a trip
 * to WebCrypto's threads costs more than its decryption.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hash } from 'node:crypto';
import { type AesGcmParameters, type AesGcmSealed, TAG_BYTES } from '../primitives/aes-gcm.ts';

const ALGORITHM = 'aes-256-gcm';
/** Node would take a tag of 4 bytes otherwise. */
const OPTIONS = { authTagLength: TAG_BYTES };

/*
 * [Note: Key objects] A key goes in as a KeyObject: given bytes, Node 24 asks twice whether they are one by
 * catching an error with its stack, which takes four times as long as the decryption of an entry.
 */

/** Encrypts; all lengths are good. */
export async function sealAesGcm(
  { key, iv, associatedData }: AesGcmParameters,
  plaintext: Uint8Array,
): Promise<AesGcmSealed> {
  const cipher = createCipheriv(ALGORITHM, createSecretKey(key), iv, OPTIONS);
  cipher.setAAD(associatedData);
  const body = cipher.update(plaintext);
  // GCM is a stream cipher: all of the body is there by now, and the end gives the tag alone.
  cipher.final();
  return { body: viewOf(body), tag: viewOf(cipher.getAuthTag()) };
}

/** Decrypts; all lengths are good. Gives undefined, and wipes what was decrypted, if the bytes do not authenticate. */
export async function openAesGcm(
  { key, iv, associatedData }: AesGcmParameters,
  { body, tag }: AesGcmSealed,
): Promise<Uint8Array | undefined> {
  const decipher = createDecipheriv(ALGORITHM, createSecretKey(key), iv, OPTIONS);
  decipher.setAAD(associatedData);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(body);
  try {
    decipher.final();
  } catch {
    // Lengths and key were good, so this means one thing: the bytes did not authenticate.
    plaintext.fill(0);
    return undefined;
  }
  return viewOf(plaintext);
}

/** Hashes bytes to 32 bytes. */
export function hashSha256(bytes: Uint8Array): Uint8Array {
  return viewOf(hash('sha256', bytes, 'buffer'));
}

/** The same bytes, but no Buffer: its slice() shares memory, and whoever wiped one copy would wipe both. */
function viewOf(buffer: Buffer<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
