/**
 * @file Reads an untrusted value as a schema of the contract says, without `eval`.
 * Known fields are checked and copied, unknown fields are never read.
 */
import { Kind, OptionalKind, type Static, type TSchema } from '@sinclair/typebox';

/** Says where a value does not fit. It never holds the value. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** JSON pointer (RFC 6901) to the place. */
  readonly pointer: string;

  constructor(pointer: string) {
    super(`the value at "${pointer}" does not fit the contract`);
    this.pointer = pointer;
  }
}

/**
 * Gives a fresh value with exactly the fields of the schema.
 *
 * @param value untrusted, as JSON.parse returns it.
 * @throws {DecodeError} a field is absent, of another type or out of bounds.
 */
export function decode<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  return decodeAt(schema, value, '');
}

function decodeAt(schema: TSchema, value: unknown, pointer: string): unknown {
  switch (schema[Kind]) {
    case 'Object':
      return decodeObject(schema, value, pointer);
    case 'Array':
      return decodeArray(schema, value, pointer);
    case 'Union':
      return decodeUnion(schema, value, pointer);
    case 'String':
      return accept(typeof value === 'string' && fitsString(schema, value), value, pointer);
    case 'Integer':
      return accept(Number.isSafeInteger(value) && fitsInteger(schema, value as number), value, pointer);
    case 'Boolean':
      return accept(typeof value === 'boolean', value, pointer);
    case 'Literal':
      return accept(value === schema['const'], value, pointer);
    case 'Null':
      return accept(value === null, value, pointer);
    default:
      throw new TypeError(`the contract has no ${schema[Kind]}`);
  }
}

function accept<Value>(fits: boolean, value: Value, pointer: string): Value {
  if (!fits) throw new DecodeError(pointer);
  return value;
}

function decodeObject(schema: TSchema, value: unknown, pointer: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DecodeError(pointer);
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
    if (Object.hasOwn(value, name))
      result[name] = decodeAt(child, (value as Record<string, unknown>)[name], `${pointer}/${name}`);
    else if (child[OptionalKind] === undefined) throw new DecodeError(`${pointer}/${name}`);
  }
  return result;
}

function decodeArray(schema: TSchema, value: unknown, pointer: string): unknown {
  if (!Array.isArray(value)) throw new DecodeError(pointer);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema as {
    minItems?: number;
    maxItems?: number;
  };
  if (value.length < minItems || value.length > maxItems) throw new DecodeError(pointer);
  return value.map((item, index) => decodeAt(schema['items'] as TSchema, item, `${pointer}/${index}`));
}

function decodeUnion(schema: TSchema, value: unknown, pointer: string): unknown {
  let deepest = new DecodeError(pointer);
  for (const option of schema['anyOf'] as TSchema[]) {
    try {
      return decodeAt(option, value, pointer);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (error.pointer.length > deepest.pointer.length) deepest = error;
    }
  }
  throw deepest;
}

const patterns = new Map<string, RegExp>();

function fitsString(schema: TSchema, value: string): boolean {
  const {
    minLength = 0,
    maxLength = Number.POSITIVE_INFINITY,
    pattern,
  } = schema as {
    minLength?: number;
    maxLength?: number;
    pattern?: string;
  };
  if (value.length < minLength || value.length > maxLength) return false;
  return pattern === undefined || compiled(pattern).test(value);
}

function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const expression = new RegExp(pattern, 'u');
  patterns.set(pattern, expression);
  return expression;
}

function fitsInteger(schema: TSchema, value: number): boolean {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema as {
    minimum?: number;
    maximum?: number;
  };
  return value >= minimum && value <= maximum;
}
