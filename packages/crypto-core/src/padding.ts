/** @file Padding to size buckets: an envelope tells its plaintext's length only roughly. */

const SMALLEST_BUCKET = 256;
const STEPS_PER_OCTAVE = 8;
const MARK = 0x80;

/**
 * The length a plaintext is padded to: steps of an eighth of the next power of two, at least 256.
 * The overhead is at most 255 bytes or 25 %.
 */
export function paddedLength(length: number): number {
  const needed = length + 1;
  const nextPowerOfTwo = 2 ** (32 - Math.clz32(length));
  const octave = Math.max(SMALLEST_BUCKET, nextPowerOfTwo);
  const step = octave === SMALLEST_BUCKET ? SMALLEST_BUCKET : octave / STEPS_PER_OCTAVE;
  return Math.ceil(needed / step) * step;
}

/** Appends 0x80 and zeros up to the bucket's length. */
export function pad(plaintext: Uint8Array): Uint8Array {
  const padded = new Uint8Array(paddedLength(plaintext.length));
  padded.set(plaintext);
  padded[plaintext.length] = MARK;
  return padded;
}

/**
 * Removes the padding. Its input is authenticated, so its timing tells nothing to anyone without the key.
 *
 * @returns a view of the plaintext, or undefined if this is not what {@link pad} makes.
 */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.length - 1;
  while (padded[end] === 0) end -= 1;
  if (padded[end] !== MARK || paddedLength(end) !== padded.length) return undefined;
  return padded.subarray(0, end);
}
