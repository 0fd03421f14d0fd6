/**
 * @file The key ring sealed for storage: AES-256-GCM under a key of its own, which a provider has wrapped.
 * [Note: Wrapped ring] `zkvault-ring-1.<provider>.<wrapped key>.<nonce, ciphertext, tag>`, the last two in
 * base64url. The provider never sees the ring, one call opens it, and a provider that only wraps short keys
 * is enough. Whoever may wrap under the provider's key can make a ring: the right to do so is the
 * operator's, the server needs the other one only.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { RingKey } from '../key-ring.ts';
import { formatRingText, parseRingText } from '../key-ring-text.ts';
import { type KeyProvider, KeyProviderError } from './key-provider.ts';

const FORMAT = 'zkvault-ring-1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** A wrapped ring that is none, or not this provider's, or altered. */
export class WrappedRingError extends Error {
  override readonly name = 'WrappedRingError';
}

/** Seals a ring. @throws {KeyProviderError} */
export async function wrapRing(provider: KeyProvider, keys: readonly RingKey[]): Promise<string> {
  const key = randomBytes(KEY_BYTES);
  const head = headOf(provider.id, await provider.wrap(key));
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(head, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(formatRingText(keys), 'utf8'), cipher.final()]);
  key.fill(0);
  return `${head}.${Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('base64url')}`;
}

/**
 * Opens a ring with one call to the provider.
 *
 * @param text untrusted.
 * @throws {WrappedRingError} it is not a ring that this provider wrapped.
 * @throws {KeyProviderError} the provider did not unwrap the key.
 */
export async function unwrapRing(provider: KeyProvider, text: string): Promise<readonly RingKey[]> {
  const { providerId, wrappedKey, sealed } = partsOf(text);
  if (providerId !== provider.id)
    throw new WrappedRingError(`SERVER_KEYS_WRAPPED was wrapped by ${providerId}, not by ${provider.id}`);
  const key = await provider.unwrap(wrappedKey);
  if (key.length !== KEY_BYTES) throw new KeyProviderError(provider.id, 'unusable-answer');
  const ring = openSealed(key, headOf(providerId, wrappedKey), sealed);
  key.fill(0);
  const keys = ring === undefined ? undefined : parseRingText(ring);
  if (keys === undefined)
    throw new WrappedRingError(
      'SERVER_KEYS_WRAPPED does not open: it was altered, or its key is another one',
    );
  return keys;
}

/** True for a text that has the form of a wrapped ring. */
export function isWrappedRing(text: string): boolean {
  return SHAPE.test(text);
}

const SHAPE = /^zkvault-ring-1\.([a-z-]{1,32})\.([A-Za-z0-9_-]{1,11000})\.([A-Za-z0-9_-]{38,20000})$/;

function headOf(providerId: string, wrappedKey: Uint8Array): string {
  return `${FORMAT}.${providerId}.${Buffer.from(wrappedKey).toString('base64url')}`;
}

function partsOf(text: string) {
  const [, providerId, wrappedKey, sealed] = SHAPE.exec(text) ?? [];
  if (providerId === undefined || wrappedKey === undefined || sealed === undefined)
    throw new WrappedRingError('SERVER_KEYS_WRAPPED is not what zkvault-server keys wrap prints');
  return {
    providerId,
    wrappedKey: new Uint8Array(Buffer.from(wrappedKey, 'base64url')),
    sealed: Buffer.from(sealed, 'base64url'),
  };
}

function openSealed(key: Uint8Array, head: string, sealed: Buffer): string | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(head, 'utf8'));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const ciphertext = sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch {
    return undefined; // The tag is wrong: all that GCM says.
  }
}
