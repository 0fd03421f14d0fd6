/** @file SHA-256, HMAC-SHA-256 and HKDF-SHA-256, synchronous, by @noble/hashes. */
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { equalInConstantTime } from '../bytes.ts';

/** Length of a SHA-256 hash and of an HMAC over it. */
export const HASH_BYTES = 32;

const MAX_HKDF_BYTES = 255 * HASH_BYTES;

/** Hashes bytes with SHA-256 (FIPS 180-4) to 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** Authenticates bytes with HMAC-SHA-256 (RFC 2104) to 32 bytes, never truncated. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, bytes);
}

/**
 * Compares a MAC in constant time.
 *
 * @param mac untrusted; anything but 32 bytes is wrong, so truncated MACs are.
 */
export function verifyHmacSha256(key: Uint8Array, bytes: Uint8Array, mac: Uint8Array): boolean {
  return equalInConstantTime(hmacSha256(key, bytes), mac);
}

/**
 * Derives key material with HKDF-SHA-256 (RFC 5869), extract and expand.
 *
 * @param input.salt empty is the same as 32 zero bytes.
 * @param input.length 1 to 8,160 bytes.
 * @throws {RangeError} another length.
 */
export function hkdfSha256(input: {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  readonly length: number;
}): Uint8Array {
  const { key, salt, info, length } = input;
  if (!Number.isInteger(length) || length < 1 || length > MAX_HKDF_BYTES)
    throw new RangeError(`length must be an integer from 1 to ${MAX_HKDF_BYTES}, got ${length}`);
  return hkdf(nobleSha256, key, salt, info, length);
}
