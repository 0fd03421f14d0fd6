/** @file One-time passwords: HOTP (RFC 4226) under SHA-1, and the steps of TOTP (RFC 6238). */
import { createHmac } from 'node:crypto';

/** How long one TOTP step lasts. */
export const TOTP_STEP_SECONDS = 30;
/** Digits of a TOTP. */
export const TOTP_DIGITS = 6;

/**
 * The one-time password of a counter.
 *
 * @param counter a TOTP's step, 0 to 2^53 - 1.
 * @param digits 6 to 8.
 * @returns decimal digits, with zeros in front. RFC 4226 section 5.3.
 */
export function makeOneTimePassword(
  seed: Uint8Array,
  counter: number,
  digits: 6 | 7 | 8 = TOTP_DIGITS,
): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', seed).update(message).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}
