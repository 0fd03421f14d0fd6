import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../src/bytes.ts';
import { encodeBase64Url, encodeFields } from '../src/encoding.ts';
import { open } from '../src/envelope.ts';
import { deriveVaultKeys } from '../src/key-schedule.ts';
import { makeVaultKey } from '../src/keys.ts';
import { encodePlace } from '../src/place.ts';
import { decryptAesGcm } from '../src/primitives/aead.ts';
import { hkdfSha256, sha256 } from '../src/primitives/hash.ts';
import { randomBytes } from '../src/primitives/random.ts';
import { doesNotAuthenticate, entryPlace } from './fixtures.ts';

/*
 * The weakness: AES-GCM does not commit to its key, so one ciphertext and tag can be made that authenticates under
 * two keys (invisible salamanders, ePrint 2019/016), or under thousands of password guesses at once (partitioning
 * oracles, ePrint 2020/1491). The test builds such a ciphertext; the commitment in the envelope must refuse it.
 */
describe('a ciphertext that authenticates under two keys', () => {
  it('opens under neither key that it does not commit to', async () => {
    const salt = randomBytes(16);
    const iv = randomBytes(12);
    const associatedData = encodePlace(entryPlace);
    const info = sha256(encodeFields('zkv/1/env', associatedData, iv));
    const entryKeys = [
      deriveVaultKeys(makeVaultKey()).entryKey,
      deriveVaultKeys(makeVaultKey()).entryKey,
    ] as const;
    const derived = entryKeys.map((key) => hkdfSha256({ key, salt, info, length: 64 }));
    const messageKeys = derived.map((okm) => okm.subarray(0, 32));
    const sealed = collide(messageKeys, iv, associatedData);

    const opened = messageKeys.map((key) => decryptAesGcm({ key, iv, associatedData }, sealed));

    for (const plaintext of await Promise.all(opened)) expect(plaintext).toHaveLength(256);
    for (const [index, okm] of derived.entries()) {
      const ciphertext = concatBytes(Uint8Array.of(1), salt, okm.subarray(32), sealed.body);
      const envelope = {
        ciphertext: encodeBase64Url(ciphertext),
        iv: encodeBase64Url(iv),
        tag: encodeBase64Url(sealed.tag),
      };
      await expect(open(entryKeys[1 - index]!, entryPlace, envelope)).rejects.toThrow(doesNotAuthenticate);
    }
  });
});

/** Makes 256 bytes that authenticate under both keys: all blocks are random but one, which is solved for. */
function collide(keys: readonly Uint8Array[], iv: Uint8Array, associatedData: Uint8Array) {
  const body = randomBytes(256);
  body.fill(0, 0, 16);
  const subkeys = keys.map((key) => toField(encryptBlock(key, new Uint8Array(16))));
  const masks = keys.map((key) => toField(encryptBlock(key, concatBytes(iv, Uint8Array.of(0, 0, 0, 1)))));
  const tags = () => subkeys.map((subkey, index) => ghash(subkey, associatedData, body) ^ masks[index]!);
  const [one, other] = tags();
  // The first block is multiplied by the subkey to the power of the blocks from it on: 16 of them, and the lengths.
  const [power, otherPower] = subkeys.map((subkey) => powerOf(subkey, 17));
  body.set(toBytes(multiply(one! ^ other!, inverse(power! ^ otherPower!))));
  const [tag, sameTag] = tags();
  expect(tag).toBe(sameTag);
  return { body, tag: toBytes(tag!) };
}

function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
}

function ghash(subkey: bigint, associatedData: Uint8Array, body: Uint8Array): bigint {
  const lengths = new Uint8Array(16);
  new DataView(lengths.buffer).setUint32(4, associatedData.length * 8);
  new DataView(lengths.buffer).setUint32(12, body.length * 8);
  const padding = new Uint8Array((16 - (associatedData.length % 16)) % 16);
  const input = concatBytes(associatedData, padding, body, lengths);
  let state = 0n;
  for (let at = 0; at < input.length; at += 16)
    state = multiply(state ^ toField(input.subarray(at, at + 16)), subkey);
  return state;
}

/** Multiplies in GF(2^128) with GCM's reflected bits (NIST SP 800-38D, algorithm 1). */
function multiply(left: bigint, right: bigint): bigint {
  let product = 0n;
  let shifted = right;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if (((left >> bit) & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n;
  }
  return product;
}

function powerOf(base: bigint, exponent: number): bigint {
  let power = base;
  for (let step = 1; step < exponent; step += 1) power = multiply(power, base);
  return power;
}

/** The element to the power 2^128 - 2. */
function inverse(element: bigint): bigint {
  let result = multiply(element, element);
  let square = result;
  for (let step = 2; step < 128; step += 1) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}

function toField(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toBytes(element: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => Number((element >> BigInt(8 * (15 - index))) & 255n));
}
