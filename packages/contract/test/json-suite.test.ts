/// <reference types="node" />
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, StrictJsonError } from '../src/strict-json.ts';
import { externalFolder } from './external.ts';

const folder = externalFolder('json/test_parsing');
const files = folder === undefined ? [] : readdirSync(folder).toSorted();

/** Valid JSON (RFC 8259) that this API refuses on purpose, with the reason. */
const refusedOnPurpose: Readonly<Record<string, string>> = {
  'y_number.json': 'a number beyond 2^53 - 1',
  'y_number_real_capital_e.json': 'a number beyond 2^53 - 1',
  'y_number_real_exponent.json': 'a number beyond 2^53 - 1',
  'y_number_real_fraction_exponent.json': 'a number beyond 2^53 - 1',
  'y_object_extreme_numbers.json': 'a number beyond 2^53 - 1',
  'y_object_duplicated_key.json': 'a duplicate key',
  'y_object_duplicated_key_and_value.json': 'a duplicate key',
  'y_object_escaped_null_in_key.json': 'a NUL character',
  'y_string_null_escape.json': 'a NUL character',
};

/** Texts on which RFC 8259 leaves the choice to the parser, and that this one takes. */
const takenByChoice: readonly string[] = [
  'i_number_double_huge_neg_exp.json',
  'i_number_real_underflow.json',
];

describe.runIf(folder !== undefined)('JSONTestSuite', () => {
  it.for(files.filter((name) => name.startsWith('n_')))('refuses %s', (name) => {
    expect(outcome(name)).toBeInstanceOf(StrictJsonError);
  });

  it.for(files.filter((name) => name.startsWith('y_')))('treats %s as documented', (name) => {
    const result = outcome(name);

    const reason = refusedOnPurpose[name];
    if (reason === undefined) expect(result).toEqual({ value: JSON.parse(textOf(name)) });
    else expect(result).toMatchObject({ message: reason });
  });

  it.for(files.filter((name) => name.startsWith('i_')))('decides %s and never fails otherwise', (name) => {
    const taken = !(outcome(name) instanceof Error);

    expect(taken).toBe(takenByChoice.includes(name));
  });

  it('found the whole suite', () => {
    expect(files.length).toBeGreaterThanOrEqual(318);
    expect(files).toEqual(expect.arrayContaining(Object.keys(refusedOnPurpose)));
  });
});

/** Decodes as the server does: bytes that are not UTF-8 never reach the parser. */
function textOf(name: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return decoder.decode(readFileSync(`${folder}/${name}`));
}

function outcome(name: string): { readonly value: unknown } | Error {
  try {
    return { value: parseStrictJson(textOf(name)) };
  } catch (error) {
    if (error instanceof StrictJsonError) return error;
    if (error instanceof TypeError) return new StrictJsonError('not UTF-8');
    throw error;
  }
}
