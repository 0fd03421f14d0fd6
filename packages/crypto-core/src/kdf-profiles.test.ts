import { describe, expect, it, vi } from 'vitest';
import { refusal } from '../test/fixtures.ts';
import {
  type KdfProfileId,
  kdfProfiles,
  kdfRank,
  normalizePassword,
  parseKdfProfile,
  stretchPassword,
} from './kdf-profiles.ts';
import type { Kdf } from './primitives/argon2.ts';

describe('a KDF profile', () => {
  it('is known by its number alone', () => {
    expect([1, 2, 3].map(parseKdfProfile)).toEqual([1, 2, 3]);
  });

  it.for([0, 4, 999, -1, 1.5, '1', null, undefined, [1], { id: 1 }, true, Number.NaN, 'toString'])(
    'is not %j',
    (value) => {
      expect(() => parseKdfProfile(value)).toThrow(refusal('KdfPolicyError', 'kdf-profile-unknown'));
    },
  );

  it('is ranked: PBKDF2 below the default, the strong one above', () => {
    expect(([2, 1, 3] as const).map(kdfRank)).toEqual([1, 2, 3]);
    expect(Object.values(kdfProfiles).every((profile) => kdfProfiles[profile.id] === profile)).toBe(true);
  });

  it('has its parameters compiled in', async () => {
    const argon2id = vi.fn<Kdf['argon2id']>(async () => new Uint8Array(32));
    const input = { password: new Uint8Array(12), salt: new Uint8Array(32), kdf: { argon2id } };

    await stretchPassword({ ...input, profile: 1 });
    await stretchPassword({ ...input, profile: 3 });

    const costs = { iterations: 3, parallelism: 1, hashBytes: 32 };
    expect(argon2id).toHaveBeenNthCalledWith(1, expect.objectContaining({ ...costs, memoryKib: 65_536 }));
    expect(argon2id).toHaveBeenNthCalledWith(2, expect.objectContaining({ ...costs, memoryKib: 131_072 }));
  });

  it('that is unknown starts no work', async () => {
    const argon2id = vi.fn<Kdf['argon2id']>();
    const input = { password: new Uint8Array(12), salt: new Uint8Array(32), kdf: { argon2id } };

    await expect(stretchPassword({ ...input, profile: 9 as KdfProfileId })).rejects.toThrow(
      refusal('KdfPolicyError', 'kdf-profile-unknown'),
    );

    expect(argon2id).not.toHaveBeenCalled();
  });

  it('refuses an implementation that returns another length', async () => {
    const kdf: Kdf = { argon2id: async () => new Uint8Array(16) };

    await expect(
      stretchPassword({ profile: 1, password: new Uint8Array(12), salt: new Uint8Array(32), kdf }),
    ).rejects.toThrow(RangeError);
  });
});

describe('a password', () => {
  it.for([11, 1025])('of %d bytes is refused', (length) => {
    expect(() => normalizePassword('a'.repeat(length))).toThrow(RangeError);
  });

  it.for([12, 13, 1023, 1024])('of %d bytes is taken', (length) => {
    expect(normalizePassword('a'.repeat(length))).toHaveLength(length);
  });

  it('is measured after NFKC', () => {
    expect(normalizePassword('é'.repeat(6))).toHaveLength(12);
    expect(normalizePassword('e\u0301'.repeat(6))).toHaveLength(12);
    expect(() => normalizePassword('ａ'.repeat(11))).toThrow(RangeError);
    expect(normalizePassword('ﬃ'.repeat(4))).toHaveLength(12);
  });

  it('is the same however the keyboard composed it', () => {
    expect(normalizePassword('Ａ passphrase é')).toEqual(normalizePassword('A passphrase e\u0301'));
  });

  it('is refused with a lone surrogate', () => {
    expect(() => normalizePassword(`long enough text\ud800`)).toThrow(RangeError);
  });

  it('is not told in the refusal', () => {
    expect(() => normalizePassword('hunter2')).toThrow(/^(?!.*hunter2)/s);
  });
});
