import { describe, expect, it } from 'vitest';
import { pbkdf2Sha256 } from './pbkdf2.ts';

const input = { password: new Uint8Array(12), salt: new Uint8Array(16), iterations: 1, length: 32 };

describe('PBKDF2', () => {
  it.for([1, 32, 1024])('gives %d bytes', async (length) => {
    expect(await pbkdf2Sha256({ ...input, length })).toHaveLength(length);
  });

  it.for([0, 1.5, 1025])('does not give %d bytes', async (length) => {
    await expect(pbkdf2Sha256({ ...input, length })).rejects.toThrow(RangeError);
  });

  it.for([0, -1, 1.5, 2 ** 32])('does not run %d times', async (iterations) => {
    await expect(pbkdf2Sha256({ ...input, iterations })).rejects.toThrow(RangeError);
  });
});
