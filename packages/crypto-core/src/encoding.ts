/**
 * @file The injective field encoding `enc` and strict base64url (docs/protocol.md section 1).
 * Nothing here guesses: a byte string has one text and a list of fields one encoding.
 */
import { hexByte, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { labels } from './labels.ts';

/** A value that `enc` can carry: text (as NFC), an integer from 0 to 2^53 - 1, or bytes. */
export type Field = string | number | Uint8Array;

const MAGIC = utf8(labels.magic);
const LENGTH_BYTES = 4;
const INTEGER_BYTES = 8;

const UUID_BYTES = 16;
const DASH = 0x2d;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const LARGEST_DIGIT = 63;
const NOT_A_DIGIT = 64;
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
  const written = fields.map(writtenForm);
  let length = MAGIC.length;
  for (const form of written) length += LENGTH_BYTES + lengthOf(form);
  const encoded = new Uint8Array(length);
  encoded.set(MAGIC);
  let at = MAGIC.length;
  for (const form of written) {
    const end = at + LENGTH_BYTES + lengthOf(form);
    writeUint32(encoded, at, lengthOf(form));
    at += LENGTH_BYTES;
    if (typeof form === 'string') writeAscii(encoded, at, form);
    else if (typeof form === 'number') {
      writeUint32(encoded, at, Math.floor(form / 2 ** 32));
      writeUint32(encoded, at + 4, form % 2 ** 32);
    } else encoded.set(form, at);
    at = end;
  }
  return encoded;
}

/** What is left to write of a field: ASCII text stays text, being its own NFC and one byte a character. */
function writtenForm(field: Field): Field {
  if (typeof field === 'string') return isAscii(field) ? field : utf8(field.normalize('NFC'));
  if (typeof field !== 'number') return field;
  if (!Number.isSafeInteger(field) || field < 0)
    throw new RangeError(`a number must be an integer from 0 to 2^53 - 1, got ${field}`);
  return field;
}

function lengthOf(form: Field): number {
  return typeof form === 'number' ? INTEGER_BYTES : form.length;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) return false;
  return true;
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index);
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * Decodes a UUID to its 16 bytes.
 *
 * @throws {ProtocolError} `uuid-invalid`: not 36 characters in lower case with dashes.
 */
export function uuidToBytes(uuid: string): Uint8Array {
  if (typeof uuid !== 'string' || !UUID.test(uuid))
    throw new ProtocolError('uuid-invalid', 'an id must be a UUID in lower case');
  const bytes = new Uint8Array(UUID_BYTES);
  let at = 0;
  for (let index = 0; at < UUID_BYTES; index += 2) {
    if (uuid.charCodeAt(index) === DASH) index += 1;
    bytes[at] = hexByte(uuid, index);
    at += 1;
  }
  return bytes;
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
  // What is no digit leaves a bit here that no digit has: one comparison at the end sees them all.
  let seen = 0;
  let at = 0;
  for (let index = 0; index < whole; index += 4) {
    const first = digit(text, index);
    const second = digit(text, index + 1);
    const third = digit(text, index + 2);
    const fourth = digit(text, index + 3);
    seen |= first | second | third | fourth;
    bytes[at] = (first << 2) | (second >> 4);
    bytes[at + 1] = (second << 4) | (third >> 2);
    bytes[at + 2] = (third << 6) | fourth;
    at += 3;
  }
  if (rest > 0) {
    const first = digit(text, whole);
    const second = digit(text, whole + 1);
    const third = rest === 3 ? digit(text, whole + 2) : 0;
    const spareBits = rest === 3 ? third & 3 : second & 15;
    seen |= first | second | third | (spareBits === 0 ? 0 : NOT_A_DIGIT);
    bytes[at] = (first << 2) | (second >> 4);
    if (rest === 3) bytes[at + 1] = (second << 4) | (third >> 2);
  }
  if (seen > LARGEST_DIGIT) throw notBase64Url();
  return bytes;
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? DIGITS[code]! : NOT_A_DIGIT;
}

function notBase64Url(): ProtocolError {
  return new ProtocolError('encoding-invalid', 'text must be canonical unpadded base64url');
}
