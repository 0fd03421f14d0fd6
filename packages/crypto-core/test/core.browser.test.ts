import { describe, expect, it } from 'vitest';
import * as chosen from '#platform';
import { bytesToHex } from '../src/bytes.ts';
import { seal } from '../src/envelope.ts';
import { portableKdf } from '../src/primitives/argon2.ts';
import * as web from '../src/primitives/web-platform.ts';
import recorded from '../vectors/zkv1.json' with { type: 'json' };
import { entryPlace, vaultKeys } from './fixtures.ts';
import {
  flippedBitsAreRefused,
  openUndoesSeal,
  otherLengthsAreRefused,
  otherPlacesAreRefused,
} from './laws.ts';
import { checkVectors } from './recorded-vectors.ts';

describe('in a browser', () => {
  it('is a browser', () => {
    expect(navigator.userAgent).toContain('Chrome');
    expect(globalThis).not.toHaveProperty('process.versions.node');
  });

  it('nothing of Node is taken', () => {
    expect(chosen.openAesGcm).toBe(web.openAesGcm);
    expect(chosen.hashSha256).toBe(web.hashSha256);
  });

  it('the recorded vectors all hold, with Argon2id in WebAssembly', async () => {
    expect(await checkVectors(recorded, portableKdf)).toEqual({
      passed: 72,
      failures: [],
      unknownSections: [],
    });
  });

  it('Argon2id gives the answer of RFC 9106’s companion', async () => {
    const hash = await portableKdf.argon2id({
      password: new Uint8Array(32).fill(1),
      salt: new Uint8Array(16).fill(2),
      memoryKib: 32,
      iterations: 3,
      parallelism: 4,
      hashBytes: 32,
    });

    expect(bytesToHex(hash)).toBe('03aab965c12001c9d7d0d2de33192c0494b684bb148196d73c1df1acaf6d0c2e');
  });

  it('the laws of the envelope hold', async () => {
    expect(await openUndoesSeal(50)).toBeUndefined();
    expect(await flippedBitsAreRefused(50)).toBeUndefined();
    expect(await otherLengthsAreRefused(20)).toBeUndefined();
    expect(await otherPlacesAreRefused(2)).toBeUndefined();
  });

  it('no salt and IV repeat in 2,000 envelopes', async () => {
    const envelopes = await Promise.all(
      Array.from({ length: 2000 }, () => seal(vaultKeys.entryKey, entryPlace, new Uint8Array(0))),
    );

    expect(new Set(envelopes.map(({ ciphertext, iv }) => ciphertext.slice(0, 22) + iv)).size).toBe(2000);
  });
});
