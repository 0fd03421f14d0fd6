import { afterEach, describe, expect, it, vi } from 'vitest';
import { seal } from '../src/envelope.ts';
import { entryPlace, vaultKeys } from './fixtures.ts';
import {
  flippedBitsAreRefused,
  openUndoesSeal,
  otherLengthsAreRefused,
  otherPlacesAreRefused,
} from './laws.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('for every key, place and plaintext', () => {
  it('open undoes seal', async () => {
    expect(await openUndoesSeal(300)).toBeUndefined();
  });

  it('a flipped bit is refused', async () => {
    expect(await flippedBitsAreRefused(500)).toBeUndefined();
  });

  it('a field one byte shorter or longer is refused', async () => {
    expect(await otherLengthsAreRefused(150)).toBeUndefined();
  });

  it('any other value of any field of any kind of place is refused', async () => {
    expect(await otherPlacesAreRefused(15)).toBeUndefined();
  });
});

describe('in 100,000 envelopes of one plaintext', () => {
  it('no salt and IV repeat, and no ciphertext does', { timeout: 120_000 }, async () => {
    // AES chooses neither salt nor IV and takes half of the time, so it is left out: the body is constant here.
    const { crypto: platform } = globalThis;
    const sealed = new ArrayBuffer(256 + 16);
    vi.stubGlobal('crypto', {
      getRandomValues: (array: Uint8Array<ArrayBuffer>) => platform.getRandomValues(array),
      subtle: { importKey: async () => ({}), encrypt: async () => sealed },
    });
    const plaintext = new Uint8Array(0);
    const freshness = new Set<string>();
    const commitments = new Set<string>();

    for (let count = 0; count < 100_000; count += 1) {
      const { ciphertext, iv } = await seal(vaultKeys.entryKey, entryPlace, plaintext);
      // Suite and salt are the first 17 bytes, the commitment the next 32; 4 characters are 3 bytes.
      freshness.add(`${ciphertext.slice(0, 22)} ${iv}`);
      commitments.add(ciphertext.slice(24, 64));
    }

    expect(freshness.size).toBe(100_000);
    expect(commitments.size).toBe(100_000);
  });
});
