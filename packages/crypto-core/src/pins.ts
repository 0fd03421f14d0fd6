/** @file The MAC over what a client remembers in its own storage (docs/protocol.md section 6). */
import { IntegrityError } from './errors.ts';
import type { PinsKey } from './keys.ts';
import { hmacSha256, verifyHmacSha256 } from './primitives/hash.ts';

/** Authenticates pins with HMAC-SHA-256 to 32 bytes. */
export function macPins(key: PinsKey, pins: Uint8Array): Uint8Array {
  return hmacSha256(key, pins);
}

/**
 * Checks the MAC of pins, in constant time.
 *
 * @param mac untrusted; must be 32 bytes.
 * @throws {IntegrityError} `integrity-failed`: pins, MAC or key is another.
 */
export function verifyPins(key: PinsKey, pins: Uint8Array, mac: Uint8Array): void {
  if (!verifyHmacSha256(key, pins, mac))
    throw new IntegrityError('integrity-failed', 'the pins do not authenticate');
}
