import { describe, expect, it } from 'vitest';
import {
  accountKeyFromBytes,
  makeAccountKey,
  makeRecoveryKey,
  makeSecretKey,
  makeVaultKey,
  manifestKeyFromBytes,
  pinsKeyFromBytes,
  secretKeyFromBytes,
  vaultKeyFromBytes,
} from './keys.ts';

describe('keys', () => {
  it.for([
    ['account', makeAccountKey],
    ['vault', makeVaultKey],
    ['Secret', makeSecretKey],
    ['recovery', makeRecoveryKey],
  ] as const)('a %s key is 32 random bytes', ([, make]) => {
    expect(make()).toHaveLength(32);
    expect(make()).not.toEqual(make());
  });

  it.for([
    ['account', accountKeyFromBytes],
    ['vault', vaultKeyFromBytes],
    ['Secret', secretKeyFromBytes],
    ['manifest', manifestKeyFromBytes],
    ['pins', pinsKeyFromBytes],
  ] as const)('a %s key is taken of 32 bytes and of no other length', ([, take]) => {
    const bytes = new Uint8Array(32).fill(1);

    expect(take(bytes)).toBe(bytes);
    for (const length of [0, 16, 31, 33, 64]) expect(() => take(new Uint8Array(length))).toThrow(RangeError);
  });
});
