/** @file SHA-256, and HMAC and HKDF over it, synchronous. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { hashSha256 } from '#platform';
import { equalInConstantTime } from '../bytes.ts';

/** Length of a SHA-256 hash and of an HMAC over it. */
export const HASH_BYTES = 32;

const BLOCK_BYTES = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const MAX_HKDF_BYTES = 255 * HASH_BYTES;

/** Hashes bytes with SHA-256 (FIPS 180-4) to 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hashSha256(bytes);
}

/*
 * [Note: Hashers in use] An envelope takes three HMACs over a few bytes each, and making their hashers took
 * twice as long as hashing. So these are used again and again: everything here is synchronous, and what is
 * left of a key is wiped before anything else runs.
 */
const fresh = /* @__PURE__ */ nobleSha256.create();
const inner = /* @__PURE__ */ nobleSha256.create();
const outer = /* @__PURE__ */ nobleSha256.create();
const running = /* @__PURE__ */ nobleSha256.create();

/** Takes a key for the MACs that follow. */
function beginHmac(key: Uint8Array): void {
  const block = new Uint8Array(BLOCK_BYTES).fill(INNER_PAD);
  const short = key.length > BLOCK_BYTES ? sha256(key) : key;
  for (let index = 0; index < short.length; index += 1) block[index] = short[index]! ^ INNER_PAD;
  fresh._cloneInto(inner).update(block);
  for (let index = 0; index < BLOCK_BYTES; index += 1) block[index]! ^= INNER_PAD ^ OUTER_PAD;
  fresh._cloneInto(outer).update(block);
  block.fill(0);
}

/** Writes the MAC of some parts, under the key taken last, into 32 bytes. */
function macInto(mac: Uint8Array, ...parts: readonly Uint8Array[]): void {
  inner._cloneInto(running);
  for (const part of parts) running.update(part);
  running.digestInto(mac);
  outer._cloneInto(running).update(mac).digestInto(mac);
}

/** Wipes what the key left. */
function endHmac(): void {
  inner.destroy();
  outer.destroy();
  running.destroy();
}

/** Authenticates bytes with HMAC-SHA-256 (RFC 2104) to 32 bytes, never truncated. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const mac = new Uint8Array(HASH_BYTES);
  beginHmac(key);
  macInto(mac, bytes);
  endHmac();
  return mac;
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
  const pseudoRandomKey = new Uint8Array(HASH_BYTES);
  beginHmac(salt);
  macInto(pseudoRandomKey, key);
  const derived = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
  const counter = new Uint8Array(1);
  let previous = derived.subarray(0, 0);
  beginHmac(pseudoRandomKey);
  for (let at = 0; at < derived.length; at += HASH_BYTES) {
    counter[0]! += 1;
    const block = derived.subarray(at, at + HASH_BYTES);
    macInto(block, previous, info, counter);
    previous = block;
  }
  endHmac();
  pseudoRandomKey.fill(0);
  return derived.length === length ? derived : derived.slice(0, length);
}
