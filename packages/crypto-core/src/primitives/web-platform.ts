/**
 * @file AES-256-GCM by WebCrypto and SHA-256 by @noble/hashes: what every runtime has. The `node` condition
 * of `#platform` (package.json) takes `node/platform.ts` in its place. Only `aead.ts` and `hash.ts` may
 * import it: they check lengths first.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { type AesGcmParameters, type AesGcmSealed, TAG_BYTES } from './aes-gcm.ts';

const fresh = /* @__PURE__ */ nobleSha256.create();
const running = /* @__PURE__ */ nobleSha256.create();

/** Encrypts; all lengths are good. */
export async function sealAesGcm(parameters: AesGcmParameters, plaintext: Uint8Array): Promise<AesGcmSealed> {
  const key = await importKey(parameters.key, 'encrypt');
  const sealed = await crypto.subtle.encrypt(algorithm(parameters), key, source(plaintext));
  return {
    body: new Uint8Array(sealed, 0, plaintext.length),
    tag: new Uint8Array(sealed, plaintext.length),
  };
}

/** Decrypts; all lengths are good. Gives undefined if the bytes do not authenticate. */
export async function openAesGcm(
  parameters: AesGcmParameters,
  { body, tag }: AesGcmSealed,
): Promise<Uint8Array | undefined> {
  const key = await importKey(parameters.key, 'decrypt');
  const joined = new Uint8Array(body.length + tag.length);
  joined.set(body);
  joined.set(tag, body.length);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm(parameters), key, joined));
  } catch {
    // Lengths and key were good, so this means one thing: the bytes did not authenticate.
    return undefined;
  }
}

/** Hashes bytes to 32 bytes. */
export function hashSha256(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32);
  // Used again and again: see [Note: Hashers in use].
  fresh._cloneInto(running).update(bytes).digestInto(digest);
  return digest;
}

function importKey(key: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', source(key), 'AES-GCM', false, [usage]);
}

function algorithm({ iv, associatedData }: AesGcmParameters): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: source(iv),
    additionalData: source(associatedData),
    tagLength: TAG_BYTES * 8,
  };
}

/** WebCrypto's types exclude shared memory; at run time it refuses it by itself. */
function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
