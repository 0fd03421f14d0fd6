import { describe, expect, it } from 'vitest';
import { generatePassphrase } from './passphrase.ts';
import { generatePassword } from './password-generator.ts';
import { checkPassword, defaultPasswordPolicy } from './password-policy.ts';
import { estimateStrength } from './strength.ts';

describe('an estimate', () => {
  it.for([
    'passwordpassword',
    'qwertyuiop1234',
    'aaaaaaaaaaaaaaaa',
    'P4ssw0rdP4ssw0rd',
    '123456789012',
    'q1w2e3r4t5y6',
  ])('makes the default policy refuse %j, with a hint', (password) => {
    const estimate = estimateStrength(password);

    expect(estimate.warning).toMatch(/\w+/);
    expect(checkPassword(password, defaultPasswordPolicy, estimate).failures).toContain('too-weak');
  });

  it('makes the default policy accept whatever the generators make by default', () => {
    for (let round = 0; round < 5; round += 1)
      for (const password of [generatePassword().password, generatePassphrase().passphrase]) {
        const estimate = estimateStrength(password);

        expect(estimate).not.toHaveProperty('warning');
        expect(checkPassword(password, defaultPasswordPolicy, estimate)).toEqual({
          accepted: true,
          failures: [],
        });
      }
  });

  it.for(['password', 'PassWord', 'QWERTYUIOP', 'ｐassword'])(
    'knows %j as common in any case',
    (password) => {
      expect(estimateStrength(password).common).toBe(true);
    },
  );

  it('knows no random password as common', () => {
    expect(estimateStrength('correct horse battery staple').common).toBe(false);
  });

  it('is lower for what an attacker would try first', () => {
    const password = 'zanzibar-ltd-2026';

    expect(estimateStrength(password, ['zanzibar-ltd', 'zanzibar']).guessesLog10).toBeLessThan(
      estimateStrength(password).guessesLog10,
    );
  });

  it('of a very long password takes no longer than of 128 characters', () => {
    const long = 'no ordinary sentence has as many words as this '.repeat(10);
    const { guessesLog10 } = estimateStrength(long);

    expect(guessesLog10).toBe(estimateStrength(long.slice(0, 128)).guessesLog10);
  });
});
