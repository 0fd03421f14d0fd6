import { type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyJson, valuesOf } from '../test/arbitrary.ts';
import { allRoutes } from './all-routes.ts';
import { DecodeError, decode } from './decode.ts';
import { Problem } from './problems.ts';
import { Nullable, Sealed, Uuid } from './scalars.ts';

const answers: readonly (readonly [string, TSchema])[] = [
  ...allRoutes.flatMap(({ operationId, success }) => {
    if ('body' in success) return [[operationId, success.body] as const];
    const events = 'events' in success ? Object.entries(success.events) : [];
    return events.map(([name, schema]) => [`${operationId} ${name}`, schema] as const);
  }),
  ['Problem', Problem],
];

describe('decode', () => {
  it.for(answers)('gives back every answer of %s as it is', ([, schema]) => {
    fc.assert(
      fc.property(valuesOf(schema), (value) => {
        expect(Value.Check(schema, value)).toBe(true);

        expect(decode(schema, value)).toEqual(value);
      }),
    );
  });

  it.for(answers)('takes and refuses what TypeBox takes and refuses as an answer of %s', ([, schema]) => {
    fc.assert(
      fc.property(valuesOf(schema), anyJson, fc.nat(), (value, intruder, choice) => {
        const altered = alterOnePlace(value, intruder, choice);

        expect(outcome(schema, altered)).toBe(Value.Check(schema, altered));
      }),
      { numRuns: 300 },
    );
  });

  it.for(answers)('never reads an unknown field in an answer of %s', ([, schema]) => {
    fc.assert(
      fc.property(valuesOf(schema), fc.string(), (value, name) => {
        expect(decode(schema, strew(value, `x${name}`))).toEqual(value);
      }),
    );
  });

  it('does not let __proto__ reach a prototype', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"admin":true},"id":1}');

    const decoded = decode(Type.Object({ id: Type.Integer() }), hostile);

    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect('admin' in decoded).toBe(false);
  });

  it('does not take an inherited field for a field', () => {
    expect(() => decode(Type.Object({ toString: Type.Integer() }), {})).toThrow(DecodeError);
  });

  it.for([
    ['a missing field', Sealed, { iv: '', tag: '', seq: 0 }, '/ciphertext'],
    ['an item of a list', Type.Array(Uuid), ['x'], '/0'],
    ['the branch of a union that fits best', Nullable(Type.Object({ a: Uuid })), { a: 1 }, '/a'],
    ['a value that fits no branch', Nullable(Uuid), 7, ''],
    ['a list where an object should be', Type.Object({}), [], ''],
    ['an object where a list should be', Type.Array(Uuid), {}, ''],
    ['a list too long', Type.Object({ a: Type.Array(Uuid, { maxItems: 0 }) }), { a: [1] }, '/a'],
    ['a list too short', Type.Array(Uuid, { minItems: 1 }), [], ''],
    ['an integer beyond 2^53 - 1', Type.Integer(), 2 ** 53, ''],
    ['an integer below its minimum', Type.Integer({ minimum: 1 }), 0, ''],
    ['an integer above its maximum', Type.Integer({ maximum: 1 }), 2, ''],
    ['a fraction', Type.Integer(), 0.5, ''],
    ['a text too long', Type.String({ maxLength: 1 }), 'ab', ''],
    ['a text too short', Type.String({ minLength: 1 }), '', ''],
  ] as const)('names the place of %s and not the value', ([, schema, value, pointer]) => {
    const error = refusal(schema, value);

    expect(error).toMatchObject({
      name: 'DecodeError',
      pointer,
      message: `the value at "${pointer}" does not fit the contract`,
    });
  });

  it('does not understand schemas that the contract has no use for', () => {
    expect(() => decode(Type.Any(), 1)).toThrow(TypeError);
    expect(() => decode(Type.Union([Type.Any(), Type.Null()]), 1)).toThrow(
      new TypeError('the contract has no Any'),
    );
  });
});

function outcome(schema: TSchema, value: unknown): boolean {
  try {
    decode(schema, value);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

function refusal(schema: TSchema, value: unknown): unknown {
  try {
    return decode(schema, value);
  } catch (error) {
    return error;
  }
}

/** Replaces one part of a value, chosen by a number, or takes it away. */
function alterOnePlace(value: unknown, intruder: unknown, choice: number): unknown {
  if (typeof value !== 'object' || value === null || choice % 7 === 0) return intruder;
  const keys = Object.keys(value);
  const key = keys[choice % keys.length];
  if (key === undefined) return intruder;
  const entries = Object.entries(value);
  if (Array.isArray(value))
    return value.with(Number(key), alterOnePlace(value[Number(key)], intruder, Math.floor(choice / 7)));
  if (choice % 5 === 0) return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Object.fromEntries(
    entries.map(([name, child]) =>
      name === key ? [name, alterOnePlace(child, intruder, Math.floor(choice / 7))] : [name, child],
    ),
  );
}

/** Adds a field to every object of a value. */
function strew(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => strew(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, strew(child, name)] as const);
  return { ...Object.fromEntries(entries), [name]: 1 };
}
