import { describe, expect, it } from 'vitest';
import {
  checkPassword,
  defaultPasswordPolicy,
  type StrengthEstimate,
  strictPasswordPolicy,
  tightenPolicy,
} from './password-policy.ts';

const strong: StrengthEstimate = { score: 4, guessesLog10: 20, common: false };

describe('the default policy', () => {
  it.for([
    ['a'.repeat(11), ['too-short']],
    ['a'.repeat(12), []],
    ['é'.repeat(11), ['too-short']],
    ['𝄞'.repeat(11), ['too-short']],
    ['𝄞'.repeat(12), []],
    ['a'.repeat(1024), []],
    ['a'.repeat(1025), ['too-long']],
    ['é'.repeat(513), ['too-long']],
  ] as const)('finds in %j of full strength: %j', ([password, failures]) => {
    expect(checkPassword(password, defaultPasswordPolicy, strong)).toEqual({
      accepted: failures.length === 0,
      failures,
    });
  });

  it('counts characters after NFKC', () => {
    expect(checkPassword('e\u0301'.repeat(11), defaultPasswordPolicy, strong).failures).toEqual([
      'too-short',
    ]);
  });

  it('asks for a score of 3 and for no composition', () => {
    const password = 'nothing but lower case';

    expect(checkPassword(password, defaultPasswordPolicy, { ...strong, score: 3 }).accepted).toBe(true);
    expect(checkPassword(password, defaultPasswordPolicy, { ...strong, score: 2 }).failures).toEqual([
      'too-weak',
    ]);
  });

  it('refuses a common password whatever its score', () => {
    expect(
      checkPassword('1q2w3e4r5t6y7u8i', defaultPasswordPolicy, { ...strong, common: true }).failures,
    ).toEqual(['too-common']);
  });
});

describe('a policy of an operator', () => {
  it('may ask for less than 12 characters, but the protocol does not', () => {
    const lax = { minLength: 1, minScore: 0, requireClasses: false };

    expect(checkPassword('elevenchars', lax, strong).failures).toEqual(['too-short']);
  });

  it('only ever tightens ours', () => {
    const lax = { minLength: 1, minScore: 0, requireClasses: false };

    expect(tightenPolicy(defaultPasswordPolicy, lax)).toEqual(defaultPasswordPolicy);
    expect(tightenPolicy(defaultPasswordPolicy, strictPasswordPolicy)).toEqual(strictPasswordPolicy);
    expect(tightenPolicy(strictPasswordPolicy, lax)).toEqual(strictPasswordPolicy);
  });
});

describe('the strict policy', () => {
  it.for([
    ['Abcdefghij0123456-xy', []],
    ['Abcdefghij0123456-x', ['too-short']],
    ['abcdefghij0123456-xy', ['upper-missing']],
    ['ABCDEFGHIJ0123456-XY', ['lower-missing']],
    ['Abcdefghijklmnopq-xy', ['digit-missing']],
    ['Abcdefghij 0123456xy', ['symbol-missing']],
    ['ÄÖÜ äöü ٠١٢ €€€ ñññññ', []],
  ] as const)('finds in %j: %j', ([password, failures]) => {
    expect(checkPassword(password, strictPasswordPolicy, strong).failures).toEqual(failures);
  });
});
