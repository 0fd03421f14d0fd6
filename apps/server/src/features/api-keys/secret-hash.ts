/**
 * @file What the server keeps of the half of an API key that is shown: an HMAC, under a key the database does
 * not have, of the digest of the credential. It learns the digest when the key is made, and computes it itself
 * when the key is used.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { authenticate, type KeyRing, type Subkey } from '../../lib/key-ring.ts';

/** A secret as it is kept. */
export interface KeptSecret {
  /** 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Which key of the ring made it. */
  readonly keyId: string;
}

/** Compared with where there is no key: no HMAC of 32 zero bytes is ever kept. */
const NOTHING = new Uint8Array(32);

/** Makes what is kept of a digest. @param digest 32 bytes; untrusted. */
export function keepDigest(keyRing: KeyRing, digest: Uint8Array): KeptSecret {
  const key = keyRing.newest('api-key');
  return { secretHash: hashOf(key, digest), keyId: key.id };
}

/**
 * True if a credential is the one that is kept. The same work, and false, where nothing is kept.
 *
 * @param credential untrusted.
 */
export function isKept(keyRing: KeyRing, credential: string, kept: KeptSecret | undefined): boolean {
  const key = kept === undefined ? undefined : keyRing.find('api-key', kept.keyId);
  const shown = hashOf(key ?? keyRing.newest('api-key'), sha256(credential));
  const isSame = timingSafeEqual(shown, kept?.secretHash ?? NOTHING);
  return isSame && key !== undefined;
}

/** SHA-256 of a credential's text. */
export function sha256(credential: string): Uint8Array {
  return createHash('sha256').update(credential, 'utf8').digest();
}

function hashOf(key: Subkey, digest: Uint8Array): Uint8Array {
  return authenticate(key, 'api key', digest);
}
