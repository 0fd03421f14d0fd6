/** @file PBKDF2-HMAC-SHA-256 by WebCrypto. */

const MAX_ITERATIONS = 0xff_ff_ff_ff;
const MAX_BYTES = 1024;

/**
 * Stretches a password with PBKDF2-HMAC-SHA-256 (RFC 8018).
 *
 * @param input.length 1 to 1,024 bytes.
 * @throws {RangeError} no iteration at all, or a length out of bounds.
 */
export async function pbkdf2Sha256(input: {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly length: number;
}): Promise<Uint8Array> {
  const { password, salt, iterations, length } = input;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS)
    throw new RangeError(`iterations must be an integer from 1 to ${MAX_ITERATIONS}, got ${iterations}`);
  if (!Number.isInteger(length) || length < 1 || length > MAX_BYTES)
    throw new RangeError(`length must be an integer from 1 to ${MAX_BYTES}, got ${length}`);
  const key = await crypto.subtle.importKey('raw', password as Uint8Array<ArrayBuffer>, 'PBKDF2', false, [
    'deriveBits',
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt: salt as Uint8Array<ArrayBuffer>, iterations },
    key,
    length * 8,
  );
  return new Uint8Array(bits);
}
