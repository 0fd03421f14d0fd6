import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesToHex } from '../bytes.ts';
import { randomBytes, randomIntegers } from './random.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes the platform's generator give these bytes, one call after another. */
function stubRandomness(...draws: readonly Uint8Array[]): void {
  const left = [...draws];
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const bytes = array as unknown as Uint8Array;
    bytes.set(left.shift()!.subarray(0, bytes.length));
    return array;
  });
}

describe('random bytes', () => {
  it.for([1, 2, 12, 15, 16, 17, 32, 65_536])('come %d at a time, and never the same', (length) => {
    expect(randomBytes(length)).toHaveLength(length);
    if (length > 8) expect(randomBytes(length)).not.toEqual(randomBytes(length));
  });

  it.for([0, -1, 1.5, 65_537, Number.NaN])('are not drawn %d at a time', (length) => {
    expect(() => randomBytes(length)).toThrow(RangeError);
  });

  it('take no more memory than was asked for, so that wiping them wipes all', () => {
    expect(randomBytes(3).buffer.byteLength).toBe(3);
    expect(randomBytes(32).buffer.byteLength).toBe(32);
  });

  it('are refused from a generator that repeats itself', () => {
    stubRandomness(new Uint8Array(32).fill(4), new Uint8Array(16).fill(4));

    expect(() => randomBytes(32)).toThrow(expect.objectContaining({ code: 'random-source-broken' }));
  });

  it('set every bit about half of the time', () => {
    const counts = new Uint32Array(8);
    for (const byte of randomBytes(65_536))
      for (let bit = 0; bit < 8; bit += 1) counts[bit]! += (byte >> bit) & 1;

    // Seven standard deviations of 65,536 fair coins.
    for (const count of counts) expect(Math.abs(count - 32_768)).toBeLessThan(7 * 128);
  });

  it('differ over 10,000 draws of 16', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => bytesToHex(randomBytes(16)))).size).toBe(10_000);
  });
});

describe('random integers', () => {
  it.for([0, -1, 1.5, 2 ** 32 + 1])('have no bound of %d', (bound) => {
    expect(() => randomIntegers(bound, 1)).toThrow(RangeError);
  });

  it.for([0, 1.5, 1025])('do not come %d at a time', (count) => {
    expect(() => randomIntegers(2, count)).toThrow(RangeError);
  });

  it('are below their bound, up to 2^32', () => {
    expect(randomIntegers(1, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(randomIntegers(2 ** 32, 1024).every((value) => value >= 0 && value < 2 ** 32)).toBe(true);
    expect(Math.max(...randomIntegers(2 ** 32, 1024))).toBeGreaterThan(2 ** 30);
  });

  it('fall on each of six faces alike', () => {
    const counts = new Uint32Array(6);
    for (let round = 0; round < 60; round += 1)
      for (const value of randomIntegers(6, 1000)) counts[value]! += 1;

    // Seven standard deviations of 60,000 throws.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(7 * 92);
  });

  it('are drawn again where the remainder would favour the low ones', () => {
    const draw = (value: number): Uint8Array => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setUint32(0, value);
      return bytes;
    };
    const probe = new Uint8Array(16).fill(9);
    // 2^32 = 3 * 1,431,655,765 + 1: the last value is the one too many.
    stubRandomness(draw(0xff_ff_ff_ff), probe, draw(0xff_ff_ff_fe), probe);

    expect(randomIntegers(3, 1)).toEqual([2]);
  });
});
