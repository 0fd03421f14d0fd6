/**
 * @file Secrets that the server itself has to read again, sealed under the key ring: AES-256-GCM, random
 * nonce. What a secret is for and whose it is are authenticated, so that a row moved to another account
 * does not open. Nothing that a client sealed comes here.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyPurpose, KeyRing } from './key-ring.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** How many bytes longer the sealed form is. */
export const SEALING_OVERHEAD_BYTES: number = IV_BYTES + TAG_BYTES;

/** A sealed secret and the key of the ring that opens it. */
export interface SealedAtRest {
  readonly keyId: string;
  /** Nonce, ciphertext, tag. */
  readonly sealed: Uint8Array;
}

/** Seals and opens the secrets of one purpose. */
export interface SealerAtRest {
  /** Seals under the ring's newest key. @param owner the id of whose secret it is. */
  seal(owner: string, secret: Uint8Array): SealedAtRest;
  /**
   * Opens what was sealed under any key that is still in the ring.
   *
   * @throws {Error} the key is not in the ring, or the row was altered or moved.
   */
  open(owner: string, stored: SealedAtRest): Uint8Array;
  /** True if a newer key is there. */
  isOutdated(stored: Pick<SealedAtRest, 'keyId'>): boolean;
}

/** Makes the sealer of one purpose. */
export function makeSealerAtRest(keyRing: KeyRing, purpose: KeyPurpose): SealerAtRest {
  const newest = keyRing.newest(purpose);
  const placeOf = (owner: string, keyId: string): Buffer =>
    Buffer.from(JSON.stringify(['zkvault/server/1/sealed', purpose, keyId, owner]), 'utf8');
  return {
    seal(owner, secret) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', newest.bytes, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(placeOf(owner, newest.id));
      const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
      return { keyId: newest.id, sealed: Buffer.concat([iv, ciphertext, cipher.getAuthTag()]) };
    },
    open(owner, { keyId, sealed }) {
      const key = keyRing.find(purpose, keyId);
      if (key === undefined)
        throw new Error(`SERVER_KEYS lacks the key "${keyId}", under which a secret is sealed`);
      if (sealed.length < SEALING_OVERHEAD_BYTES) throw new Error('a sealed secret is too short to be one');
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(placeOf(owner, keyId));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const ciphertext = sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES);
      return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
    },
    isOutdated: ({ keyId }) => keyId !== newest.id,
  };
}
