import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_MAX_DEPTH, parseStrictJson, StrictJsonError } from './strict-json.ts';

/** JSON that holds nothing this parser refuses on purpose. */
const harmlessJson = fc
  .jsonValue({ maxDepth: 6, stringUnit: 'binary' })
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('\\u0000') && !text.includes('"__proto__":'));

describe('strict JSON', () => {
  it('agrees with JSON.parse on everything it has no reason to refuse', () => {
    fc.assert(
      fc.property(harmlessJson, (text) => {
        const expected: unknown = JSON.parse(text);
        if (hasInexactInteger(expected)) return;

        expect(parseStrictJson(text)).toStrictEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with JSON.parse about what is not JSON', () => {
    const pieces = ['{', '}', '[', ']', '"', '\\', ',', ':', '1', '-', '.', 'e', 'a', ' ', 'true', '\\u00'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }

        if (valid)
          expect(refusal(text)).toBeOneOf([undefined, 'a duplicate key', 'a number beyond 2^53 - 1']);
        else expect(refusal(text)).toBeDefined();
      }),
      { numRuns: 20_000 },
    );
  });

  it.for([
    ['a duplicate key', '{"a":1,"a":2}', 'a duplicate key'],
    ['a duplicate key spelled with an escape', '{"a":1,"\\u0061":2}', 'a duplicate key'],
    ['a duplicate key after white space', '{"a" :1,"a"\t:2}', 'a duplicate key'],
    ['a duplicate key in an object within an array', '[{"a":{"b":1,"b":1}}]', 'a duplicate key'],
    ['a duplicate empty key', '{"":1,"":2}', 'a duplicate key'],
    ['__proto__ as a key', '{"__proto__":{}}', 'an unsafe key'],
    ['__proto__ spelled with an escape', '{"\\u005f_proto__":{}}', 'an unsafe key'],
    ['an escaped lone high surrogate', '"\\ud800"', 'a lone surrogate'],
    ['an escaped lone low surrogate in a key', '{"\\udc00":1}', 'a lone surrogate'],
    ['a raw lone surrogate', '"\ud800"', 'a lone surrogate'],
    ['a surrogate that is half raw and half escaped', '"\ud83d\\ude00"', 'a lone surrogate'],
    ['a NUL in a string', '"a\\u0000"', 'a NUL character'],
    ['a NUL in a key', '{"\\u0000":1}', 'a NUL character'],
    ['an integer above 2^53 - 1', '9007199254740992', 'a number beyond 2^53 - 1'],
    ['an integer below -(2^53 - 1)', '[-9007199254740992]', 'a number beyond 2^53 - 1'],
    ['a number that is infinite', '1e999', 'a number beyond 2^53 - 1'],
    ['a short number that is huge', '9e99', 'a number beyond 2^53 - 1'],
    ['a long number that is none', '1234567890123456-1', 'not JSON'],
    ['a string without an end', '"abc', 'not JSON'],
    ['a string whose last quote is escaped', '"abc\\"', 'not JSON'],
    ['an escape that JSON does not have', '"\\x41"', 'not JSON'],
    ['a key without quotes', '{a:1}', 'not JSON'],
    ['nothing', '', 'not JSON'],
  ] as const)('refuses %s', ([, text, reason]) => {
    expect(refusal(text)).toBe(reason);
  });

  it.for([
    ['the largest integer', '9007199254740991', 9007199254740991],
    ['a number with fifteen digits', '999999999999999', 999999999999999],
    ['a small number with an exponent', '[1.5e2]', [150]],
    ['an escaped pair of surrogates', '"\\ud83d\\ude00"', '😀'],
    ['a backslash before the closing quote', '{"a\\\\":"\\\\"}', { 'a\\': '\\' }],
    ['an escaped quote', '"\\"\\\\\\""', '"\\"'],
    ['one key in two objects', '[{"a":1},{"a":1}]', [{ a: 1 }, { a: 1 }]],
    ['a value equal to a key', '{"a":"a","b":"a"}', { a: 'a', b: 'a' }],
    ['__proto__ as a value', '["__proto__"]', ['__proto__']],
  ] as const)('takes %s', ([, text, expected]) => {
    expect(parseStrictJson(text)).toStrictEqual(expected);
  });

  it('takes the greatest depth and refuses one more', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

    expect(refusal(nested(JSON_MAX_DEPTH))).toBeUndefined();
    expect(refusal(nested(JSON_MAX_DEPTH + 1))).toBe('nested too deeply');
    expect(refusal('{"a":'.repeat(JSON_MAX_DEPTH + 1) + 1 + '}'.repeat(JSON_MAX_DEPTH + 1))).toBe(
      'nested too deeply',
    );
  });

  it('never repeats the text in its message', () => {
    const message = refusal('{"hunter2":1,"hunter2":"hunter2"}');

    expect(message).not.toContain('hunter2');
  });

  // A search for the next escape that ran to the end of the body, once per string, made this quadratic.
  it.for([
    ['strings without an escape', (n: number) => `[${'"a",'.repeat(n)}1]`],
    ['escaped quotes', (n: number) => `["${'\\"'.repeat(n * 2)}"]`],
    ['backslashes', (n: number) => `["${'\\\\'.repeat(n * 2)}"]`],
    ['small objects', (n: number) => `[${'{"a":1},'.repeat(n / 2)}1]`],
    ['numbers with exponents', (n: number) => `[${'1e1,'.repeat(n)}1]`],
  ] as const)('takes time in proportion to the length of a body of %s', ([, make]) => {
    parseStrictJson(make(10_000));

    const small = bestOf(5, make(10_000));
    const large = bestOf(5, make(320_000));

    // 32 times as long; with the square of the length it would be 1,024.
    expect(large / small).toBeLessThan(400);
  });
});

function refusal(text: string): string | undefined {
  try {
    parseStrictJson(text);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(StrictJsonError);
    return (error as StrictJsonError).message;
  }
}

function hasInexactInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInexactInteger);
}

function bestOf(rounds: number, text: string): number {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    parseStrictJson(text);
    return performance.now() - start;
  });
  return Math.min(...times);
}
