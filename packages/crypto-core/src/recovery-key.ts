/** @file The recovery key's text form (docs/protocol.md section 9). */
import { ProtocolError } from './errors.ts';
import { decodeKeyText, encodeKeyText, type KeyTextForm } from './key-text.ts';
import { keyFromBytes, type RecoveryKey } from './keys.ts';
import { labels } from './labels.ts';

const FORM: KeyTextForm = { prefix: 'ZKR1', label: labels.recoveryKeyText };

/** Encodes a recovery key: `ZKR1-` and eleven groups of five, 70 characters. */
export function encodeRecoveryKey(recoveryKey: RecoveryKey): string {
  return encodeKeyText(FORM, recoveryKey);
}

/**
 * Decodes a typed recovery key, in any case, with or without dashes and spaces, with O for 0 and I or L for 1.
 *
 * @throws {ProtocolError} `recovery-key-invalid`.
 */
export function decodeRecoveryKey(text: string): RecoveryKey {
  const bytes = decodeKeyText(FORM, text);
  if (bytes === undefined) throw new ProtocolError('recovery-key-invalid', 'the text is not a recovery key');
  return keyFromBytes(bytes);
}
