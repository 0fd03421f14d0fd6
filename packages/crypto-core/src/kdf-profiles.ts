/**
 * @file The KDF profiles: a number on the wire, parameters compiled in (docs/protocol.md section 2).
 * No parameter is ever read from a message.
 */

import { utf8 } from './bytes.ts';
import { KdfPolicyError } from './errors.ts';
import { type Kdf } from './primitives/argon2.ts';
import { pbkdf2Sha256 } from './primitives/pbkdf2.ts';

const STRETCHED_BYTES = 32;

/** Bounds of a password, in bytes of UTF-8 after NFKC. */
export const PASSWORD_BYTES = { min: 12, max: 1024 } as const;

/**
 * The profiles. A higher `rank` is stronger; a client that has seen one never accepts a lower one.
 * One lane, because browsers run WebAssembly on one thread.
 */
export const kdfProfiles = {
  1: { id: 1, rank: 2, algorithm: 'argon2id', memoryKib: 65_536, iterations: 3, parallelism: 1 },
  2: { id: 2, rank: 1, algorithm: 'pbkdf2-hmac-sha-256', iterations: 600_000 },
  3: { id: 3, rank: 3, algorithm: 'argon2id', memoryKib: 131_072, iterations: 3, parallelism: 1 },
} as const;

/** Number of a KDF profile: 1 the default, 2 without WebAssembly (FIPS), 3 strong. */
export type KdfProfileId = keyof typeof kdfProfiles;

/** The strength order of a profile; more is stronger. */
export function kdfRank(profile: KdfProfileId): number {
  return kdfProfiles[profile].rank;
}

/**
 * Reads a profile number.
 *
 * @param value untrusted, as a response has it; only the integers of the table pass, never text.
 * @throws {KdfPolicyError} `kdf-profile-unknown`.
 */
export function parseKdfProfile(value: unknown): KdfProfileId {
  if (value === 1 || value === 2 || value === 3) return value;
  throw new KdfPolicyError('kdf-profile-unknown', 'the KDF profile is not one of 1, 2, 3');
}

/**
 * Normalises a password to NFKC and encodes it.
 *
 * @returns 12 to 1,024 bytes of UTF-8; the caller owns and wipes them.
 * @throws {RangeError} shorter, longer or with a lone surrogate.
 */
export function normalizePassword(password: string): Uint8Array {
  const bytes = utf8(password.normalize('NFKC'));
  if (bytes.length < PASSWORD_BYTES.min || bytes.length > PASSWORD_BYTES.max)
    throw new RangeError(`password must be ${PASSWORD_BYTES.min} to ${PASSWORD_BYTES.max} bytes of UTF-8`);
  return bytes;
}

/**
 * Stretches a normalised password with the function of a profile.
 *
 * @returns 32 bytes; the caller owns and wipes them.
 * @throws {KdfPolicyError} `kdf-profile-unknown`, before any work.
 */
export async function stretchPassword(input: {
  readonly profile: KdfProfileId;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly kdf: Kdf;
}): Promise<Uint8Array> {
  const { password, salt } = input;
  const profile = kdfProfiles[parseKdfProfile(input.profile)];
  if (profile.algorithm === 'pbkdf2-hmac-sha-256')
    return pbkdf2Sha256({ password, salt, iterations: profile.iterations, length: STRETCHED_BYTES });
  const { memoryKib, iterations, parallelism } = profile;
  const stretched = await input.kdf.argon2id({
    password,
    salt,
    memoryKib,
    iterations,
    parallelism,
    hashBytes: STRETCHED_BYTES,
  });
  if (stretched.length !== STRETCHED_BYTES)
    throw new RangeError(`kdf must return ${STRETCHED_BYTES} bytes, got ${stretched.length}`);
  return stretched;
}
