import { describe, expect, it } from 'vitest';
import { nativeKdf } from '../node.ts';
import { type Argon2Input, portableKdf } from './argon2.ts';

const least: Argon2Input = {
  password: new Uint8Array(1),
  salt: new Uint8Array(8),
  memoryKib: 8,
  iterations: 1,
  parallelism: 1,
  hashBytes: 4,
};
const kdfs = [portableKdf, nativeKdf];

describe('Argon2id', () => {
  it('is the same in WebAssembly and in native code, at the least and with several lanes', async () => {
    for (const input of [least, { ...least, memoryKib: 75, parallelism: 9, iterations: 2, hashBytes: 33 }]) {
      const [portable, native] = await Promise.all(kdfs.map((kdf) => kdf.argon2id(input)));

      expect(portable).toEqual(native);
      expect(portable).toHaveLength(input.hashBytes);
    }
  });

  it.for([
    ['no password', { password: new Uint8Array(0) }],
    ['a password of 1,025 bytes', { password: new Uint8Array(1025) }],
    ['a salt of 7 bytes', { salt: new Uint8Array(7) }],
    ['a salt of 1,025 bytes', { salt: new Uint8Array(1025) }],
    ['7 KiB', { memoryKib: 7 }],
    ['less than 8 KiB per lane', { memoryKib: 15, parallelism: 2 }],
    ['more than 2 GiB', { memoryKib: 2_097_153 }],
    ['no pass', { iterations: 0 }],
    ['1,025 passes', { iterations: 1025 }],
    ['half a pass', { iterations: 1.5 }],
    ['no lane', { parallelism: 0 }],
    ['256 lanes', { parallelism: 256, memoryKib: 4096 }],
    ['3 bytes', { hashBytes: 3 }],
    ['1,025 bytes', { hashBytes: 1025 }],
    ['a secret, instead of leaving it out unnoticed', { secret: new Uint8Array(8) }],
  ] as const)('refuses %s, whichever implementation', async ([, change]) => {
    for (const kdf of kdfs) await expect(kdf.argon2id({ ...least, ...change })).rejects.toThrow(RangeError);
  });
});
