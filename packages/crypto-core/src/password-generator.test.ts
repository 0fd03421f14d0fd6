import { describe, expect, it } from 'vitest';
import { generatePassword, type PasswordOptions } from './password-generator.ts';

/** Every option that decides which characters there are. */
const classOptions: readonly PasswordOptions[] = Array.from({ length: 32 }, (_, bits) => ({
  upper: (bits & 1) !== 0,
  lower: (bits & 2) !== 0,
  digits: (bits & 4) !== 0,
  symbols: (bits & 8) !== 0,
  avoidAmbiguous: (bits & 16) !== 0,
})).filter(({ upper, lower, digits, symbols }) => upper || lower || digits || symbols);

describe('a generated password', () => {
  it('has 20 characters of all four classes by default, which is 129 bits', () => {
    const { password, entropyBits } = generatePassword();

    expect(password).toHaveLength(20);
    for (const pattern of [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/]) expect(password).toMatch(pattern);
    expect(entropyBits).toBeGreaterThan(129);
    expect(entropyBits).toBeLessThan(20 * Math.log2(90));
  });

  it('has exactly the classes that are on, at any length', () => {
    for (const options of classOptions)
      for (const length of [8, 9, 40, 128]) {
        const { password } = generatePassword({ ...options, length });

        expect(password).toHaveLength(length);
        expect(/[A-Z]/.test(password)).toBe(options.upper);
        expect(/[a-z]/.test(password)).toBe(options.lower);
        expect(/[0-9]/.test(password)).toBe(options.digits);
        expect(/[^A-Za-z0-9]/.test(password)).toBe(options.symbols);
        expect(/^[\x21-\x7e]+$/.test(password)).toBe(true);
        if (options.avoidAmbiguous === true) expect(password).not.toMatch(/[0O1lI|]/);
      }
  });

  it.for([0, 7, 129, 8.5, Number.NaN])('is not made with %d characters', (length) => {
    expect(() => generatePassword({ length })).toThrow(RangeError);
  });

  it('is not made of nothing', () => {
    expect(() => generatePassword({ upper: false, lower: false, digits: false, symbols: false })).toThrow(
      RangeError,
    );
  });

  it('has the entropy of its class alone if there is one', () => {
    const { entropyBits } = generatePassword({ upper: false, symbols: false, lower: false, length: 10 });

    expect(entropyBits).toBeCloseTo(10 * Math.log2(10), 9);
  });

  it('has the entropy of what has both classes if there are two', () => {
    const { entropyBits } = generatePassword({ upper: false, symbols: false, length: 8 });

    expect(entropyBits).toBeCloseTo(Math.log2(36 ** 8 - 26 ** 8 - 10 ** 8), 9);
  });

  it('uses each character as often as the rule of classes lets it', () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 400; round += 1)
      for (const character of generatePassword({ length: 128 }).password)
        counts.set(character, (counts.get(character) ?? 0) + 1);

    const expected = (400 * 128) / counts.size;
    expect(counts.size).toBe(90);
    for (const count of counts.values())
      expect(Math.abs(count - expected)).toBeLessThan(7 * Math.sqrt(expected));
  });
});
