/** @file The Secret Key's text form, as the Emergency Kit prints it. */
import { ProtocolError } from './errors.ts';
import { decodeKeyText, encodeKeyText, type KeyTextForm } from './key-text.ts';
import { type SecretKey, secretKeyFromBytes } from './keys.ts';
import { labels } from './labels.ts';

const FORM: KeyTextForm = { prefix: 'ZK1', label: labels.secretKeyText };

/** Encodes a Secret Key: `ZK1-` and eleven groups of five, 69 characters. */
export function encodeSecretKey(secretKey: SecretKey): string {
  return encodeKeyText(FORM, secretKey);
}

/**
 * Decodes a typed Secret Key, in any case, with or without dashes and spaces, with O for 0 and I or L for 1.
 *
 * @throws {ProtocolError} `secret-key-invalid`.
 */
export function decodeSecretKey(text: string): SecretKey {
  const bytes = decodeKeyText(FORM, text);
  if (bytes === undefined) throw new ProtocolError('secret-key-invalid', 'the text is not a Secret Key');
  return secretKeyFromBytes(bytes);
}
