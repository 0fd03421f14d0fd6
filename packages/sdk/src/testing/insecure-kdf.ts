/** @file A password hash that takes microseconds. Whatever is made with it is as good as unprotected. */
import { concatBytes, encodeFields, type Kdf, sha256 } from '@zkvault/crypto-core';

/** A fast password hash that counts. */
export interface InsecureKdf extends Kdf {
  /** How often it was asked: an attack that must be refused before any work leaves it where it was. */
  readonly calls: { count: number };
}

/**
 * Makes a stand-in for Argon2id that costs one hash, so that a test can log in thousands of times. It
 * is given to a client as its `kdf`; nothing of the SDK takes it by itself. Never for a real account.
 */
export function makeInsecureKdf(): InsecureKdf {
  const calls = { count: 0 };
  return {
    calls,
    async argon2id({ password, salt, memoryKib }) {
      calls.count += 1;
      return sha256(concatBytes(encodeFields('insecure kdf for tests', password, salt, memoryKib)));
    },
  };
}
