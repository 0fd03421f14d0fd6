import { describe, expect, it } from 'vitest';
import { seal } from '../src/envelope.ts';
import { entryPlace, vaultKeys } from './fixtures.ts';
import {
  flippedBitsAreRefused,
  openUndoesSeal,
  otherLengthsAreRefused,
  otherPlacesAreRefused,
} from './laws.ts';

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
  it('no salt and IV repeat, and no ciphertext does', async () => {
    const plaintext = new Uint8Array(0);
    const freshness = new Set<string>();
    const ciphertexts = new Set<string>();

    for (let batch = 0; batch < 1000; batch += 1) {
      const envelopes = await Promise.all(
        Array.from({ length: 100 }, () => seal(vaultKeys.entryKey, entryPlace, plaintext)),
      );
      for (const { ciphertext, iv } of envelopes) {
        // Suite and salt are the first 17 bytes: 22 characters and 4 bits, so 22 characters tell 131 bits.
        freshness.add(`${ciphertext.slice(0, 22)} ${iv}`);
        ciphertexts.add(ciphertext.slice(-64));
      }
    }

    expect(freshness.size).toBe(100_000);
    expect(ciphertexts.size).toBe(100_000);
  });
});
