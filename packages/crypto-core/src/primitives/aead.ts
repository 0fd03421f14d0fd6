/**
 * @file AES-256-GCM by WebCrypto, for one key size, one IV size and one tag size.
 * WebCrypto takes 16- and 64-byte IVs, short tags and smaller keys; this file does not.
 */

/** An AES-256 key. */
export const AES_KEY_BYTES = 32;
/** A 96-bit IV. */
export const IV_BYTES = 12;
/** A 128-bit tag. */
export const TAG_BYTES = 16;

interface Parameters {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly associatedData: Uint8Array;
}

/**
 * Encrypts.
 *
 * @returns body, as long as the plaintext, and tag; views of one new buffer.
 * @throws {RangeError} key or IV of another length.
 */
export async function encryptAesGcm(
  parameters: Parameters,
  plaintext: Uint8Array,
): Promise<{ readonly body: Uint8Array; readonly tag: Uint8Array }> {
  assertLengths(parameters);
  const key = await importKey(parameters.key, 'encrypt');
  const sealed = await crypto.subtle.encrypt(algorithm(parameters), key, source(plaintext));
  return {
    body: new Uint8Array(sealed, 0, plaintext.length),
    tag: new Uint8Array(sealed, plaintext.length),
  };
}

/**
 * Decrypts. Nothing is released before the tag is verified.
 *
 * @param sealed body and tag, both untrusted.
 * @returns the plaintext, or undefined if it does not authenticate.
 * @throws {RangeError} key, IV or tag of another length.
 */
export async function decryptAesGcm(
  parameters: Parameters,
  sealed: { readonly body: Uint8Array; readonly tag: Uint8Array },
): Promise<Uint8Array | undefined> {
  assertLengths(parameters);
  assertLength('tag', sealed.tag, TAG_BYTES);
  const key = await importKey(parameters.key, 'decrypt');
  const joined = new Uint8Array(sealed.body.length + TAG_BYTES);
  joined.set(sealed.body);
  joined.set(sealed.tag, sealed.body.length);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm(parameters), key, joined));
  } catch {
    // Lengths and key were good, so this means one thing: the bytes did not authenticate.
    return undefined;
  }
}

function assertLengths({ key, iv }: Parameters): void {
  assertLength('key', key, AES_KEY_BYTES);
  assertLength('iv', iv, IV_BYTES);
}

function assertLength(name: string, bytes: Uint8Array, wanted: number): void {
  if (bytes.length !== wanted) throw new RangeError(`${name} must be ${wanted} bytes, got ${bytes.length}`);
}

function importKey(key: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', source(key), 'AES-GCM', false, [usage]);
}

function algorithm({ iv, associatedData }: Parameters): AesGcmParams {
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
