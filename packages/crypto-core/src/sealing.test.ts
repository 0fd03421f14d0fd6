import { describe, expect, it } from 'vitest';
import { entryPlace, vaultKeys } from '../test/fixtures.ts';
import { sealWith } from './sealing.ts';

describe('sealing with a given salt and IV', () => {
  it.for([0, 12, 15, 17, 32])('takes no salt of %d bytes', async (length) => {
    const freshness = { salt: new Uint8Array(length), iv: new Uint8Array(12) };

    await expect(sealWith(vaultKeys.entryKey, entryPlace, new Uint8Array(1), freshness)).rejects.toThrow(
      RangeError,
    );
  });

  it.for([0, 8, 16, 64])('takes no IV of %d bytes', async (length) => {
    const freshness = { salt: new Uint8Array(16), iv: new Uint8Array(length) };

    await expect(sealWith(vaultKeys.entryKey, entryPlace, new Uint8Array(1), freshness)).rejects.toThrow(
      RangeError,
    );
  });
});
