import { describe, expect, it, vi } from 'vitest';
import { seal } from '../src/envelope.ts';
import { entryPlace, vaultKeys } from './fixtures.ts';

// AES chooses neither salt nor IV and takes half of the time, so it is left out: the body is constant here.
vi.mock(import('#platform'), async (original) => ({
  ...(await original()),
  sealAesGcm: async () => ({ body: new Uint8Array(256), tag: new Uint8Array(16) }),
}));

describe('in 100,000 envelopes of one plaintext', () => {
  it('no salt and IV repeat, and no ciphertext does', { timeout: 240_000 }, async () => {
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
