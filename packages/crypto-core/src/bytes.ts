/** @file Byte strings: joining, comparing, wiping, text forms for tests and logs. */
import { ProtocolError } from './errors.ts';

const encoder = new TextEncoder();
const HEX_DIGITS = '0123456789abcdef';
const HEX = /^(?:[0-9a-f]{2})*$/;

/** Joins byte strings into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Compares two byte strings in a time that depends on their lengths only.
 * JavaScript promises no constant time; the loop at least has no early exit.
 */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= left[index]! ^ right[index]!;
  return difference === 0;
}

/** Overwrites secrets with zeros. Copies that the runtime made are out of reach. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

/**
 * Encodes text as UTF-8, without any normalisation.
 *
 * @throws {RangeError} the text has a lone surrogate, which UTF-8 cannot carry.
 */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new RangeError('text must be well-formed Unicode, got a lone surrogate');
  return encoder.encode(text);
}

/** Encodes bytes as lower-case hexadecimal. */
export function bytesToHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15);
  return hex;
}

/**
 * Decodes lower-case hexadecimal.
 *
 * @throws {ProtocolError} `encoding-invalid`: an odd length, an upper-case or another character.
 */
export function hexToBytes(hex: string): Uint8Array {
  if (!HEX.test(hex)) throw new ProtocolError('encoding-invalid', 'hexadecimal must be lower-case pairs');
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = hexByte(hex, index * 2);
  return bytes;
}

/** The byte of the two digits from `index` on, which are known to be lower-case hexadecimal. */
export function hexByte(hex: string, index: number): number {
  return (hexDigit(hex, index) << 4) | hexDigit(hex, index + 1);
}

/** The value of a digit that is known to be one: 0 to 9 begin at code 48, a to f at 97. */
function hexDigit(hex: string, index: number): number {
  const code = hex.charCodeAt(index);
  return code < 97 ? code - 48 : code - 87;
}
