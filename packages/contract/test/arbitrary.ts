/// <reference types="node" />
/** @file Values that fit a schema, made by fast-check. */
import { Kind, OptionalKind, type TSchema } from '@sinclair/typebox';
import fc from 'fast-check';

/**
 * Everything JSON can say, shallow; for what does not fit. But for integers beyond 2^53 - 1: TypeBox takes them where no
 * maximum is, and we never do.
 */
export const anyJson: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !hasUnsafeInteger(value));

function hasUnsafeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnsafeInteger);
}

/** Canonical unpadded base64url of some bytes. */
export function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** Generates values that fit the schema, with exactly its fields. */
export function valuesOf(schema: TSchema): fc.Arbitrary<unknown> {
  switch (schema[Kind]) {
    case 'Object':
      return fc.record(mapValues(schema['properties'], valuesOf), {
        requiredKeys: Object.entries(schema['properties'] as Record<string, TSchema>)
          .filter(([, child]) => child[OptionalKind] === undefined)
          .map(([name]) => name),
      });
    case 'Array':
      return fc.array(valuesOf(schema['items']), {
        minLength: schema['minItems'] ?? 0,
        maxLength: Math.max(schema['minItems'] ?? 0, Math.min(schema['maxItems'] ?? 3, 3)),
      });
    case 'Union':
      return fc.oneof(...(schema['anyOf'] as TSchema[]).map(valuesOf));
    case 'String':
      return stringsOf(schema);
    case 'Integer':
      return fc.integer({
        min: schema['minimum'] ?? Number.MIN_SAFE_INTEGER,
        max: schema['maximum'] ?? Number.MAX_SAFE_INTEGER,
      });
    case 'Boolean':
      return fc.boolean();
    case 'Literal':
      return fc.constant(schema['const']);
    case 'Null':
      return fc.constant(null);
    default:
      throw new TypeError(`no arbitrary for ${schema[Kind]}`);
  }
}

/** A pattern of one class, repeated: a matching text of a length that is asked for is put together from it. */
const ONE_CLASS = /^\^(\[(?:[^\]\\]|\\.)+\])\+\$$/;

function stringsOf(schema: TSchema): fc.Arbitrary<string> {
  const {
    minLength = 0,
    maxLength = 200,
    pattern,
  } = schema as {
    minLength?: number;
    maxLength?: number;
    pattern?: string;
  };
  if (pattern === undefined) return fc.string({ minLength, maxLength });
  if (pattern.includes('AEIMQUYcgkosw048'))
    return base64UrlOf(minLength, Math.min(maxLength, minLength + 64));
  const [, unit] = ONE_CLASS.exec(pattern) ?? [];
  if (unit !== undefined)
    return fc
      .array(fc.stringMatching(new RegExp(`^${unit}$`, 'u')), {
        minLength,
        maxLength: Math.min(maxLength, minLength + 64),
      })
      .map((characters) => characters.join(''))
      .filter((text) => text.length >= minLength && text.length <= maxLength);
  return fc
    .stringMatching(new RegExp(pattern, 'u'))
    .filter((text) => text.length >= minLength && text.length <= maxLength);
}

/** Canonical base64url whose text has a length within the bounds. */
function base64UrlOf(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: Math.floor((minLength * 3) / 4), maxLength: Math.floor((maxLength * 3) / 4) })
    .map(base64Url);
}

function mapValues<Value, Result>(
  values: Record<string, Value>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
