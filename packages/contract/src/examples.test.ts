import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { exampleOf, exampleOfProblem } from './examples.ts';
import { Base64Url, Nullable, Uuid } from './scalars.ts';

describe('an example', () => {
  it('is the same each time, and another one for another field', () => {
    expect(exampleOf(Uuid, 'id')).toBe(exampleOf(Uuid, 'id'));
    expect(exampleOf(Uuid, 'id')).not.toBe(exampleOf(Uuid, 'vaultId'));
  });

  it('of bytes has as few as may be, at least sixteen where it may', () => {
    expect(exampleOf(Base64Url({ minBytes: 1, maxBytes: 100 }), 'ciphertext')).toHaveLength(22);
    expect(exampleOf(Base64Url({ minBytes: 2, maxBytes: 2 }), 'two')).toHaveLength(3);
  });

  it('has a value where there may be none, and the value by name only where it fits', () => {
    expect(exampleOf(Nullable(Type.Boolean()))).toBe(true);
    expect(exampleOf(Type.Null())).toBe(null);
    expect(exampleOf(Type.Union([Type.Null()]))).toBe(null);
    expect(exampleOf(Type.Integer({ minimum: 3 }), 'login')).toBe(3);
    expect(exampleOf(Type.Array(Type.String(), { minItems: 3 }), 'recoveryCodes')).toEqual([
      'K7QM-2V4X-9TBH-P3CD',
      '5WZR-8NJE-1YGA-6FQT',
      'K7QM-2V4X-9TBH-P3CD',
    ]);
  });

  it('is not made up where nothing is known', () => {
    expect(() => exampleOf(Type.String({ pattern: '^never$' }), 'odd')).toThrow(RangeError);
    expect(() => exampleOf(Type.Unsafe({ type: 'unheard' }), 'login')).toThrow(TypeError);
  });

  it('of a refusal says where a request does not fit, and from where to go on', () => {
    expect(exampleOfProblem('request-invalid').errors).toHaveLength(1);
    expect(exampleOfProblem('conflict').seq).toBe(7);
    expect(exampleOfProblem('internal')).not.toHaveProperty('errors');
  });
});
