import { describe, expect, it } from 'vitest';
import { parseEnvFile } from './env-file.ts';

describe('a file of variables', () => {
  it('is lines of NAME=value, with comments, quotes and export', () => {
    const text = [
      '\uFEFF# a comment',
      '',
      '  PLAIN=value',
      'export EXPORTED = spaced  ',
      'EMPTY=',
      'QUOTED="a b # c"',
      "SINGLE='d'",
      'EQUALS=a=b',
      'REFERENCE=zkvault://Database%2Fprod/password',
      'HALF="open',
    ].join('\r\n');

    expect(parseEnvFile(text)).toEqual({
      PLAIN: 'value',
      EXPORTED: 'spaced',
      EMPTY: '',
      QUOTED: 'a b # c',
      SINGLE: 'd',
      EQUALS: 'a=b',
      REFERENCE: 'zkvault://Database%2Fprod/password',
      HALF: '"open',
    });
  });

  it.for(['NAME', '1NAME=x', 'A B=x', '=x', 'NAME: x', 'A=\0'])(
    'that has the line %j is refused, by its number',
    (line) => {
      const parse = () => parseEnvFile(`GOOD=canary\n${line}`);

      expect(parse).toThrow(expect.objectContaining({ exit: 'usage', code: 'env-file-invalid' }));
      expect(parse).toThrow(/^line 2 (?!.*canary)/);
    },
  );
});
