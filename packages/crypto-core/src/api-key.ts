/**
 * @file The text form of an API key, and the two halves it has (docs/protocol.md section 4).
 *
 * `zkv_<id>_<auth half>_<key half>`: a UUID and twice 32 bytes in base64url, 128 characters. What is before
 * the key half is the credential, which is sent; the key half stays with the holder and opens the vaults.
 * base64url has underscores of its own, so the parts are told apart by their lengths.
 */
import { utf8 } from './bytes.ts';
import { decodeBase64Url, encodeBase64Url } from './encoding.ts';
import { ProtocolError } from './errors.ts';
import { type ApiKeySecret, KEY_BYTES, keyFromBytes, makeApiKeySecret } from './keys.ts';
import { sha256 } from './primitives/hash.ts';
import { randomBytes } from './primitives/random.ts';

const TOKEN =
  /^zkv_([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{43})$/;

/** An API key taken apart. */
export interface ApiKey {
  /** UUID, lower case; not secret. */
  readonly id: string;
  /** 32 bytes: shown to the server at each request. */
  readonly authHalf: Uint8Array;
  /** 32 bytes: never sent. */
  readonly keyHalf: ApiKeySecret;
}

/** Makes two random halves. @param id a UUID, lower case. */
export function makeApiKey(id: string): ApiKey {
  return { id, authHalf: randomBytes(KEY_BYTES), keyHalf: makeApiKeySecret() };
}

/** Encodes the whole key, for its holder only: 128 characters. */
export function encodeApiKey(apiKey: ApiKey): string {
  return `${apiKeyCredential(apiKey)}_${encodeBase64Url(apiKey.keyHalf)}`;
}

/** The part that is sent, in the header `X-API-Key`: 84 characters that open nothing. */
export function apiKeyCredential({ id, authHalf }: Pick<ApiKey, 'id' | 'authHalf'>): string {
  return `zkv_${id}_${encodeBase64Url(authHalf)}`;
}

/** SHA-256 of a credential's text, which a server is told when the key is made. */
export function apiKeyDigest(credential: string): Uint8Array {
  return sha256(utf8(credential));
}

/**
 * Decodes a whole key.
 *
 * @throws {ProtocolError} `api-key-invalid`: something else, or the credential alone. The text is not repeated.
 */
export function decodeApiKey(text: string): ApiKey {
  const [, id, authHalf, keyHalf] = TOKEN.exec(text) ?? [];
  if (id === undefined || authHalf === undefined || keyHalf === undefined) throw invalid();
  try {
    return { id, authHalf: decodeBase64Url(authHalf), keyHalf: keyFromBytes(decodeBase64Url(keyHalf)) };
  } catch {
    // Lengths are right, so what is left is a last character with spare bits.
    throw invalid();
  }
}

function invalid(): ProtocolError {
  return new ProtocolError('api-key-invalid', 'the text is not a whole API key');
}
