import type { Entry } from '@zkvault/sdk';
import { describe, expect, it } from 'vitest';
import { parseReference, referringNames, resolveReferences } from './secret-references.ts';

const common = {
  tags: [],
  favorite: false,
  notes: '',
  extra: {},
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  version: 1,
};
const login = (id: string, title: string, password: string): Entry =>
  ({
    ...common,
    id,
    title,
    type: 'login',
    username: 'svc',
    password,
    urls: [],
    totp: '',
    fields: [{ name: 'Api Token', value: 'canary-token', hidden: true }],
  }) as unknown as Entry;
const idOf = (digit: string) => `5c6973e6-78bb-4a88-b8b4-20178c6a57f${digit}`;
const entries = [
  login(idOf('1'), 'Database/prod', 'canary-db'),
  login(idOf('2'), 'twin', 'canary-1'),
  login(idOf('3'), 'twin', 'canary-2'),
  login(idOf('4'), 'empty', ''),
];

describe('a reference', () => {
  it.for([
    [`zkvault://${idOf('1')}/password`, 'canary-db'],
    ['zkvault://Database%2Fprod/password', 'canary-db'],
    ['zkvault://database%2fprod/PASSWORD', 'canary-db'],
    ['zkvault://Database%2Fprod/Api%20Token', 'canary-token'],
    ['zkvault://Database%2Fprod/Api Token', 'canary-token'],
    ['zkvault://5c6973e6-78bb-4a88-b8b4-20178c6a57f1/username', 'svc'],
  ] as const)('%s is what it refers to', ([reference, value]) => {
    expect(resolveReferences({ SECRET: reference, OTHER: 'x' }, entries)).toEqual({
      SECRET: value,
      OTHER: 'x',
    });
  });

  it('is a whole value, or none', () => {
    const env = { PART: 'x zkvault://a/b', OTHER: 'ZKVAULT://a/b', EMPTY: '', WHOLE: 'zkvault://a/b' };

    expect(referringNames(env)).toEqual(['WHOLE']);
  });

  it.for([
    ['zkvault://nobody/password', /there is no such entry/],
    ['zkvault://twin/password', /several entries/],
    ['zkvault://empty/password', /nothing in that field/],
    ['zkvault://empty/toString', /nothing in that field/],
  ] as const)(
    '%s refers to nothing, and nothing is said but the name of the variable',
    ([reference, why]) => {
      const resolve = () => resolveReferences({ SECRET: reference, GOOD: 'canary' }, entries);

      expect(resolve).toThrow(expect.objectContaining({ exit: 'not-found', code: 'reference-not-found' }));
      expect(resolve).toThrow(why);
      expect(resolve).toThrow(/^SECRET (?!.*(?:canary|zkvault:))/);
    },
  );

  it.for(['zkvault://', 'zkvault://a', 'zkvault://a/', 'zkvault:///b', 'zkvault://a/b/c', 'zkvault://%zz/b'])(
    '%s has not the form',
    (value) => {
      expect(() => parseReference('SECRET', value)).toThrow(
        expect.objectContaining({ exit: 'usage', code: 'reference-invalid' }),
      );
    },
  );
});
