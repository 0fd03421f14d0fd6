/** @file Randomness from the platform, with a check that it does not repeat itself. */
import { equalInConstantTime } from '../bytes.ts';
import { ZkvaultError } from '../errors.ts';

const PROBE_BYTES = 16;
const MAX_BYTES = 65_536;

/**
 * Draws random bytes from `crypto.getRandomValues`.
 *
 * [Note: Random probe] Every draw is compared with a second one that is thrown away. A generator that is
 * stuck, stubbed or restored from a snapshot mid-call would repeat (salt, iv) of an envelope or a key;
 * a healthy one repeats 16 bytes once in 2^128 draws. Nothing is kept between calls.
 *
 * @param length 1 to 65,536 bytes.
 * @throws {RangeError} another length.
 * @throws {ZkvaultError} `random-source-broken`: two draws were the same.
 */
export function randomBytes(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > MAX_BYTES)
    throw new RangeError(`length must be an integer from 1 to ${MAX_BYTES}, got ${length}`);
  const drawn = crypto.getRandomValues(new Uint8Array(Math.max(length, PROBE_BYTES)));
  const probe = crypto.getRandomValues(new Uint8Array(PROBE_BYTES));
  if (equalInConstantTime(drawn.subarray(0, PROBE_BYTES), probe))
    throw new ZkvaultError('random-source-broken', 'crypto.getRandomValues gave the same bytes twice');
  return length < PROBE_BYTES ? drawn.slice(0, length) : drawn;
}

/**
 * Draws integers from 0 to `bound` - 1, each equally likely: draws that would favour the low ones are rejected.
 *
 * @param bound 1 to 2^32.
 * @param count 1 to 1,024.
 */
export function randomIntegers(bound: number, count: number): readonly number[] {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
    throw new RangeError(`bound must be an integer from 1 to 2^32, got ${bound}`);
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new RangeError(`count must be an integer from 1 to 1024, got ${count}`);
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const drawn: number[] = [];
  while (drawn.length < count) {
    const bytes = randomBytes((count - drawn.length) * 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset < bytes.length; offset += 4) {
      const value = view.getUint32(offset);
      if (value < limit) drawn.push(value % bound);
    }
  }
  return drawn;
}
