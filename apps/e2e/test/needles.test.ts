import { describe, expect, it } from 'vitest';
import { findNeedles } from './needles.ts';

const secret = 'correct horse?';
const around = (offset: number) => Buffer.from(`${'x'.repeat(offset)}${secret}yyy`);

describe('the search for secrets', () => {
  it.for([
    ['as text', `a ${secret} b`],
    ['in hexadecimal', `\\x00${Buffer.from(secret).toString('hex')}ff`],
    ['in base64 at alignment 0', around(0).toString('base64')],
    ['in base64 at alignment 1', around(1).toString('base64')],
    ['in base64 at alignment 2', around(2).toString('base64')],
    ['in base64url at alignment 2', around(2).toString('base64url')],
  ] as const)('finds one %s', ([, haystack]) => {
    expect(findNeedles(haystack, ['something else', secret])).toEqual([secret]);
  });

  it('finds bytes that are not text', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, index) => 255 - index);

    expect(findNeedles(Buffer.from(bytes).toString('base64url'), [bytes])).toHaveLength(1);
  });

  it('finds nothing where there is nothing', () => {
    expect(findNeedles('correct horse', [secret])).toEqual([]);
  });

  it('refuses a needle whose absence would say nothing', () => {
    expect(() => findNeedles('', ['abc'])).toThrow(RangeError);
  });
});
