/**
 * @file Reads JSON that lay sealed or stored: exactly the fields that are expected, nothing else.
 * That it was authentic does not make it well-formed, so it is decoded as strictly as an answer.
 */
import { DecodeError, parseStrictJson, StrictJsonError } from '@zkvault/contract';
import { decodeBase64Url, ProtocolError, utf8 } from '@zkvault/crypto-core';

/** Gives the value as what it must be, or throws a ProtocolError or DecodeError. */
export type Read<Value> = (value: unknown) => Value;

/** One reader for each field of an object. */
type Shape = { readonly [name: string]: Read<unknown> };

/** What a shape reads. */
type ReadBy<Fields extends Shape> = { readonly [Name in keyof Fields]: ReturnType<Fields[Name]> };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encodes a document. */
export function encodeDocument(document: object): Uint8Array {
  return utf8(JSON.stringify(document));
}

/**
 * Decodes a document with one reader.
 *
 * @param bytes strict UTF-8 of strict JSON.
 * @param what how messages call the document.
 * @throws {ProtocolError} `document-invalid`: a field is missing, unknown or of another form.
 */
export function decodeDocument<Value>(bytes: Uint8Array, what: string, read: Read<Value>): Value {
  try {
    return read(parseStrictJson(decoder.decode(bytes)));
  } catch (error) {
    // TypeError is what a fatal TextDecoder throws.
    if (error instanceof DecodeError || error instanceof StrictJsonError || error instanceof TypeError)
      throw invalid(what);
    throw error;
  }
}

/** Reads an object that has exactly these fields. */
export function exactly<Fields extends Shape>(what: string, shape: Fields): Read<ReadBy<Fields>> {
  return (value) => {
    const object = asObject(value, what);
    const names = Object.keys(shape);
    if (Object.keys(object).length !== names.length) throw invalid(what);
    const result: Record<string, unknown> = {};
    for (const name of names) {
      if (!Object.hasOwn(object, name)) throw invalid(`${what}.${name}`);
      result[name] = shape[name]!(object[name]);
    }
    return result as ReadBy<Fields>;
  };
}

/** Reads an array. */
export function arrayOf<Item>(what: string, read: Read<Item>): Read<readonly Item[]> {
  return (value) => {
    if (!Array.isArray(value)) throw invalid(what);
    return value.map((item) => read(item));
  };
}

/** Reads one value of a closed list. */
export function oneOf<const Value extends string | number>(
  what: string,
  values: readonly Value[],
): Read<Value> {
  return (value) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw invalid(what);
    return found;
  };
}

/** Reads any text. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw invalid('text');
  return value;
}

/** Reads an integer from 0 to 2^53 - 1. */
export function counter(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid('counter');
  return value;
}

/** Reads an integer from 1. */
export function ordinal(value: unknown): number {
  const number = counter(value);
  if (number === 0) throw invalid('ordinal');
  return number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Reads a lower-case UUID. */
export function uuid(value: unknown): string {
  if (typeof value !== 'string' || !UUID.test(value)) throw invalid('uuid');
  return value;
}

const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Reads an RFC 3339 instant in UTC with milliseconds. */
export function instant(value: unknown): string {
  if (typeof value !== 'string' || !INSTANT.test(value)) throw invalid('instant');
  return value;
}

/** Reads 32 bytes of canonical base64url. */
export function hash(value: unknown): Uint8Array {
  const bytes = decodeBase64Url(text(value));
  if (bytes.length !== 32) throw invalid('hash');
  return bytes;
}

/** Reads an object with any fields. */
export function asObject(value: unknown, what: string): { readonly [name: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(what);
  return value as { readonly [name: string]: unknown };
}

/** The one error of this file. */
export function invalid(what: string): ProtocolError {
  return new ProtocolError('document-invalid', `${what} is missing, unknown or malformed`);
}
