/**
 * @file What the server keeps of an authKey: Argon2id over HMAC-SHA-256(pepper, authKey)
 * (docs/protocol.md section 13). A stolen database without the pepper can test no guess at all.
 */
import { createHmac } from 'node:crypto';
import {
  type Argon2idCost,
  checkArgon2id,
  costOf,
  hashArgon2id,
  unmatchedArgon2id,
} from '../../lib/argon2id.ts';
import type { KeyRing, Subkey } from '../../lib/key-ring.ts';
import type { Verifier } from '../users/service.ts';

/** Makes and checks verifiers. Every call but `isOutdated` takes a hash's time: about 25 ms of one core. */
export interface Verifiers {
  make(authKey: Uint8Array): Promise<Verifier>;
  /**
   * Checks an authKey.
   *
   * @param stored undefined for an account that does not exist or may not log in: the same work is done,
   *   and the answer is false.
   */
  check(authKey: Uint8Array, stored: Verifier | undefined): Promise<boolean>;
  /** True if a stored verifier is not of today's cost and key. */
  isOutdated(stored: Verifier): boolean;
}

/**
 * Makes the verifiers' maker and checker.
 *
 * @param wished what a hash costs; OWASP's minimum is enough, as what is hashed is a KDF's output already.
 */
export function makeVerifiers(keyRing: KeyRing, wished: Argon2idCost): Verifiers {
  const pepper = keyRing.newest('pepper');
  const nobodys = unmatchedArgon2id(wished);
  return {
    async make(authKey) {
      return { verifier: await hashArgon2id(peppered(pepper, authKey), wished), verifierKeyId: pepper.id };
    },
    async check(authKey, stored) {
      const key = stored === undefined ? undefined : keyRing.find('pepper', stored.verifierKeyId);
      if (stored === undefined || key === undefined) {
        await checkArgon2id(nobodys, peppered(pepper, authKey));
        return false;
      }
      return checkArgon2id(stored.verifier, peppered(key, authKey));
    },
    isOutdated(stored) {
      if (stored.verifierKeyId !== pepper.id) return true;
      const cost = costOf(stored.verifier);
      return Object.entries(wished).some(([name, value]) => cost[name as keyof Argon2idCost] !== value);
    },
  };
}

function peppered(pepper: Subkey, authKey: Uint8Array): Uint8Array {
  return createHmac('sha256', pepper.bytes).update(authKey).digest();
}
