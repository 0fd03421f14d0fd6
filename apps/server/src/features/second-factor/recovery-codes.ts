/**
 * @file Recovery codes: ten secrets that each stand in for a one-time password once. The database has an
 * HMAC of each under the server key ring.
 */
import { randomBytes } from 'node:crypto';
import { canonicalCrockford, encodeCrockford } from '../../lib/base32.ts';
import { authenticate, type KeyRing, type Subkey } from '../../lib/key-ring.ts';

/** How many codes an account gets. */
export const RECOVERY_CODE_COUNT = 10;

/** Random bytes of one code: 80 bits, 16 characters in four groups of four. */
const RECOVERY_CODE_BYTES = 10;

/** What is kept of a code. */
export interface KeptCode {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** Which key of the ring made the hash. */
  readonly keyId: string;
}

/** Makes recovery codes and what is kept of them. */
export interface RecoveryCodes {
  /** Makes codes; `codes` go to their owner and nowhere else. */
  make(userId: string): { readonly codes: readonly string[]; readonly kept: readonly KeptCode[] };
  /** What is kept of a code as somebody typed it, under each key of the ring. */
  hashesOf(userId: string, typed: string): readonly Uint8Array[];
}

/** Makes the maker of recovery codes. */
export function makeRecoveryCodes(keyRing: KeyRing): RecoveryCodes {
  return {
    make(userId) {
      const codes = Array.from({ length: RECOVERY_CODE_COUNT }, makeCode);
      const key = keyRing.newest('recovery-code');
      return { codes, kept: codes.map((code) => ({ hash: hash(key, userId, code), keyId: key.id })) };
    },
    hashesOf: (userId, typed) => keyRing.all('recovery-code').map((key) => hash(key, userId, typed)),
  };
}

function hash(key: Subkey, userId: string, code: string): Uint8Array {
  return authenticate(key, 'recovery code', userId, canonicalCrockford(code));
}

function makeCode(): string {
  const text = encodeCrockford(randomBytes(RECOVERY_CODE_BYTES));
  return (text.match(/.{4}/g) ?? []).join('-');
}
