import { describe, expect, it, vi } from 'vitest';
import { refusal } from '../test/fixtures.ts';
import { bytesToHex, concatBytes } from './bytes.ts';
import type { KdfProfileId } from './kdf-profiles.ts';
import { derivePasswordKeys, effectiveSalt, type PasswordInput } from './key-schedule.ts';
import { secretKeyFromBytes } from './keys.ts';
import type { Kdf } from './primitives/argon2.ts';
import { sha256 } from './primitives/hash.ts';

/** Cheap, and depends on password and salt. */
const quickKdf: Kdf = { argon2id: async ({ password, salt }) => sha256(concatBytes(password, salt)) };

const input: PasswordInput = {
  profile: 1,
  password: 'correct horse battery staple',
  realm: 'vault.example',
  login: 'ada@example.com',
  salt: new Uint8Array(16).fill(1),
  kdf: quickKdf,
};
const secretKey = secretKeyFromBytes(new Uint8Array(32).fill(2));

async function keysOf(change: Partial<PasswordInput>): Promise<readonly string[]> {
  const { authKey, wrappingKey } = await derivePasswordKeys({ ...input, ...change });
  return [bytesToHex(authKey), bytesToHex(wrappingKey)];
}

describe('the keys of a password', () => {
  it('are the same for the same input, and one tells not the other', async () => {
    const [authKey, wrappingKey] = await keysOf({});

    expect(await keysOf({})).toEqual([authKey, wrappingKey]);
    expect(authKey).not.toBe(wrappingKey);
  });

  it.for([
    ['another password', { password: 'correct horse battery stapler' }],
    ['another realm, so a relay to another deployment fails', { realm: 'evil.example' }],
    ['another login, so one salt does not serve two people', { login: 'bob@example.com' }],
    ['another salt', { salt: new Uint8Array(16).fill(3) }],
    ['another profile', { profile: 3 }],
    ['a Secret Key', { secretKey }],
    ['a Secret Key of zeros, which is not none', { secretKey: secretKeyFromBytes(new Uint8Array(32)) }],
  ] as const)('are others with %s', async ([, change]) => {
    const [authKey, wrappingKey] = await keysOf({});

    const changed = await keysOf(change);

    expect(changed).not.toContain(authKey);
    expect(changed).not.toContain(wrappingKey);
  });

  it.for([0, 1, 15, 17, 32, 1_000_000])('are not derived from a salt of %d bytes', async (length) => {
    const argon2id = vi.fn<Kdf['argon2id']>();

    await expect(keysOf({ salt: new Uint8Array(length), kdf: { argon2id } })).rejects.toThrow(RangeError);

    expect(argon2id).not.toHaveBeenCalled();
  });

  it('are not derived for an unknown profile or a short password, before any work', async () => {
    const argon2id = vi.fn<Kdf['argon2id']>();

    await expect(keysOf({ profile: 0 as KdfProfileId, kdf: { argon2id } })).rejects.toThrow(
      refusal('KdfPolicyError', 'kdf-profile-unknown'),
    );
    await expect(keysOf({ password: 'short', kdf: { argon2id } })).rejects.toThrow(RangeError);

    expect(argon2id).not.toHaveBeenCalled();
  });

  it('leave no intermediate value behind in what the KDF was given and gave', async () => {
    const seen: Uint8Array[] = [];
    const kdf: Kdf = {
      async argon2id({ password }) {
        const stretched = new Uint8Array(32).fill(9);
        seen.push(password, stretched);
        return stretched;
      },
    };

    await keysOf({ kdf });

    expect(seen.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true]);
  });

  it('have a salt that is bound to realm and login, without a way to shift a character', () => {
    const salt = input.salt;
    const salts = [
      { realm: 'ab', login: 'c' },
      { realm: 'a', login: 'bc' },
      { realm: 'ab', login: 'd' },
      { realm: 'abc', login: '' },
      { realm: '', login: 'c' },
    ].map((place) => bytesToHex(effectiveSalt({ ...place, salt })));

    expect(new Set(salts).size).toBe(salts.length);
  });
});
