/**
 * @file AES-256-GCM for one key size, one IV size and one tag size. WebCrypto takes 16- and 64-byte IVs, and
 * every platform short tags and smaller keys; this file does not.
 */
import { openAesGcm, sealAesGcm } from '#platform';
import { AES_KEY_BYTES, type AesGcmParameters, type AesGcmSealed, IV_BYTES, TAG_BYTES } from './aes-gcm.ts';

/**
 * Encrypts.
 *
 * @returns body, as long as the plaintext, and tag; the caller's own.
 * @throws {RangeError} key or IV of another length.
 */
export async function encryptAesGcm(
  parameters: AesGcmParameters,
  plaintext: Uint8Array,
): Promise<AesGcmSealed> {
  assertLengths(parameters);
  return sealAesGcm(parameters, plaintext);
}

/**
 * Decrypts. Nothing is released before the tag is verified.
 *
 * @param sealed body and tag, both untrusted.
 * @returns the plaintext, or undefined if it does not authenticate.
 * @throws {RangeError} key, IV or tag of another length.
 */
export async function decryptAesGcm(
  parameters: AesGcmParameters,
  sealed: AesGcmSealed,
): Promise<Uint8Array | undefined> {
  assertLengths(parameters);
  assertLength('tag', sealed.tag, TAG_BYTES);
  return openAesGcm(parameters, sealed);
}

function assertLengths({ key, iv }: AesGcmParameters): void {
  assertLength('key', key, AES_KEY_BYTES);
  assertLength('iv', iv, IV_BYTES);
}

function assertLength(name: string, bytes: Uint8Array, wanted: number): void {
  if (bytes.length !== wanted) throw new RangeError(`${name} must be ${wanted} bytes, got ${bytes.length}`);
}
