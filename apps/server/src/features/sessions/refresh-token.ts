/** @file Refresh tokens: 32 random bytes for the client, an HMAC of them for the database. */
import { randomBytes } from 'node:crypto';
import { authenticate, type KeyRing, type Subkey } from '../../lib/key-ring.ts';

/** A token on its way to the client, and what is kept of it. */
export interface MadeRefreshToken {
  /** base64url of 32 bytes. */
  readonly token: string;
  readonly tokenHash: Uint8Array;
  readonly keyId: string;
}

/** Makes refresh tokens and finds what is kept of them. */
export interface RefreshTokens {
  /** A random token. */
  make(): MadeRefreshToken;
  /**
   * The token that follows a spent one when the client sent an Idempotency-Key: always the same one, so
   * that a client whose answer was lost can ask again. Only who knows the spent token, the key and the
   * server's key can compute it. It is kept under the newest key, so that a session leaves an older one at
   * its next refresh.
   *
   * @param keyId the ring's key under which the spent token is kept.
   * @returns undefined if that key has left the ring.
   */
  deriveSuccessor(spentToken: string, idempotencyKey: string, keyId: string): MadeRefreshToken | undefined;
  /** Under which hashes a token may be kept: one for each key of the ring. */
  hashesOf(token: string): readonly Uint8Array[];
}

/** Makes the maker of refresh tokens. */
export function makeRefreshTokens(keyRing: KeyRing): RefreshTokens {
  const newest = keyRing.newest('refresh');
  return {
    make: () => kept(newest, randomBytes(32)),
    deriveSuccessor(spentToken, idempotencyKey, keyId) {
      const key = keyRing.find('refresh', keyId);
      return key === undefined
        ? undefined
        : kept(newest, authenticate(key, 'successor', spentToken, idempotencyKey));
    },
    hashesOf: (token) => keyRing.all('refresh').map((key) => hashOf(key, token)),
  };
}

function kept(key: Subkey, bytes: Uint8Array): MadeRefreshToken {
  const token = Buffer.from(bytes).toString('base64url');
  return { token, tokenHash: hashOf(key, token), keyId: key.id };
}

function hashOf(key: Subkey, token: string): Uint8Array {
  return authenticate(key, 'token', token);
}
