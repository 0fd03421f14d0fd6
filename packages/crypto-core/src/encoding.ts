/**
 * @file The injective field encoding `enc` and strict base64url (docs/protocol.md section 1).
 * Nothing here guesses: a byte string has one text and a list of fields one encoding.
 */
import { concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { labels } from './labels.ts';

/** A value that `enc` can carry: text (as NFC), an integer from 0 to 2^53 - 1, or bytes. */
export type Field = string | number | Uint8Array;

const MAGIC = utf8(labels.magic);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const NOT_A_DIGIT = 255;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (const [value, code] of ALPHABET.entries()) DIGITS[code] = value;
const ascii = new TextDecoder();

/**
 * Encodes fields injectively: `"ZKV1"`, then the length (u32, big-endian) and the bytes of each.
 * Text becomes UTF-8 of NFC, an integer 8 big-endian bytes.
 *
 * @throws {RangeError} a number is no integer from 0 to 2^53 - 1, or text has a lone surrogate.
 */
export function encodeFields(...fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [MAGIC];
  for (const field of fields) {
    const bytes = encodeField(field);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    parts.push(length, bytes);
  }
  return concatBytes(...parts);
}

function encodeField(field: Field): Uint8Array {
  if (typeof field === 'string') return utf8(field.normalize('NFC'));
  if (typeof field !== 'number') return field;
  if (!Number.isSafeInteger(field) || field < 0)
    throw new RangeError(`a number must be an integer from 0 to 2^53 - 1, got ${field}`);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(field / 2 ** 32));
  view.setUint32(4, field % 2 ** 32);
  return bytes;
}

/**
 * Decodes a UUID to its 16 bytes.
 *
 * @throws {ProtocolError} `uuid-invalid`: not 36 characters in lower case with dashes.
 */
export function uuidToBytes(uuid: string): Uint8Array {
  if (typeof uuid !== 'string' || !UUID.test(uuid))
    throw new ProtocolError('uuid-invalid', 'an id must be a UUID in lower case');
  return hexToBytes(uuid.replaceAll('-', ''));
}

/** Encodes bytes as unpadded base64url (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let at = 0;
  for (let index = 0; index < whole; index += 3) {
    const bits = (bytes[index]! << 16) | (bytes[index + 1]! << 8) | bytes[index + 2]!;
    text[at] = ALPHABET[bits >> 18]!;
    text[at + 1] = ALPHABET[(bits >> 12) & 63]!;
    text[at + 2] = ALPHABET[(bits >> 6) & 63]!;
    text[at + 3] = ALPHABET[bits & 63]!;
    at += 4;
  }
  if (bytes.length - whole === 1) {
    const bits = bytes[whole]!;
    text[at] = ALPHABET[bits >> 2]!;
    text[at + 1] = ALPHABET[(bits << 4) & 63]!;
  } else if (bytes.length - whole === 2) {
    const bits = (bytes[whole]! << 8) | bytes[whole + 1]!;
    text[at] = ALPHABET[bits >> 10]!;
    text[at + 1] = ALPHABET[(bits >> 4) & 63]!;
    text[at + 2] = ALPHABET[(bits << 2) & 63]!;
  }
  return ascii.decode(text);
}

/**
 * Decodes canonical unpadded base64url. No padding, no other alphabet, no white space, no spare bit set:
 * two texts never decode to the same bytes.
 *
 * @param text untrusted.
 * @throws {ProtocolError} `encoding-invalid`.
 */
export function decodeBase64Url(text: string): Uint8Array {
  if (typeof text !== 'string' || text.length % 4 === 1) throw notBase64Url();
  const rest = text.length % 4;
  const whole = text.length - rest;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  for (let index = 0; index < whole; index += 4) {
    const bits =
      (digit(text, index) << 18) |
      (digit(text, index + 1) << 12) |
      (digit(text, index + 2) << 6) |
      digit(text, index + 3);
    bytes[at] = bits >> 16;
    bytes[at + 1] = bits >> 8;
    bytes[at + 2] = bits;
    at += 3;
  }
  if (rest === 2) {
    const bits = (digit(text, whole) << 6) | digit(text, whole + 1);
    if ((bits & 15) !== 0) throw notBase64Url();
    bytes[at] = bits >> 4;
  } else if (rest === 3) {
    const bits = (digit(text, whole) << 12) | (digit(text, whole + 1) << 6) | digit(text, whole + 2);
    if ((bits & 3) !== 0) throw notBase64Url();
    bytes[at] = bits >> 10;
    bytes[at + 1] = bits >> 2;
  }
  return bytes;
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  const value = code < 128 ? DIGITS[code]! : NOT_A_DIGIT;
  if (value === NOT_A_DIGIT) throw notBase64Url();
  return value;
}

function notBase64Url(): ProtocolError {
  return new ProtocolError('encoding-invalid', 'text must be canonical unpadded base64url');
}
