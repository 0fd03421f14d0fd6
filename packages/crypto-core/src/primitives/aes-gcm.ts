/** @file What AES-256-GCM works with: shared by `aead.ts`, which checks, and the platforms, which compute. */

/** An AES-256 key. */
export const AES_KEY_BYTES = 32;
/** A 96-bit IV. */
export const IV_BYTES = 12;
/** A 128-bit tag. */
export const TAG_BYTES = 16;

/** What a cipher is given beside the text. */
export interface AesGcmParameters {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly associatedData: Uint8Array;
}

/** A ciphertext: body, as long as the plaintext, and tag. */
export interface AesGcmSealed {
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}
