import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8 } from '../bytes.ts';
import { hkdfSha256, hmacSha256, sha256, verifyHmacSha256 } from './hash.ts';

const input = { key: new Uint8Array(32), salt: new Uint8Array(0), info: new Uint8Array(0) };

describe('the hashes', () => {
  it('SHA-256 gives the answers of FIPS 180-4', () => {
    expect(bytesToHex(sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('HKDF takes no salt for 32 zero bytes', () => {
    expect(hkdfSha256({ ...input, length: 64 })).toEqual(
      hkdfSha256({ ...input, salt: new Uint8Array(32), length: 64 }),
    );
  });

  it.for([1, 32, 8159, 8160])('HKDF gives %d bytes', (length) => {
    expect(hkdfSha256({ ...input, length })).toHaveLength(length);
  });

  it.for([0, -1, 1.5, 8161])('HKDF does not give %d bytes', (length) => {
    expect(() => hkdfSha256({ ...input, length })).toThrow(RangeError);
  });

  it('HMAC gives the answer of RFC 4231 to a key longer than a block', () => {
    const mac = hmacSha256(
      new Uint8Array(131).fill(0xaa),
      utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    );

    expect(bytesToHex(mac)).toBe('60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54');
  });

  it.for([0, 1, 31, 32, 63, 64, 65, 200])(
    'HMAC and HKDF agree with @noble/hashes where key, salt, info and message have %d bytes',
    (length) => {
      const bytes = Uint8Array.from({ length }, (_, index) => index + length);

      expect(hmacSha256(bytes, bytes)).toEqual(hmac(nobleSha256, bytes, bytes));
      for (const wanted of [1, 32, 33, 64, 100])
        expect(hkdfSha256({ key: bytes, salt: bytes, info: bytes, length: wanted })).toEqual(
          hkdf(nobleSha256, bytes, bytes, bytes, wanted),
        );
    },
  );

  it('HMAC accepts its own MAC alone', () => {
    const mac = hmacSha256(input.key, utf8('pins'));

    expect(verifyHmacSha256(input.key, utf8('pins'), mac)).toBe(true);
    expect(verifyHmacSha256(input.key, utf8('pin'), mac)).toBe(false);
    expect(verifyHmacSha256(input.key, utf8('pins'), mac.subarray(0, 16))).toBe(false);
  });
});
