import { expect, it } from 'vitest';
import { checkPassword, defaultPasswordPolicy } from '../../src/password-policy.ts';
import { estimateStrength } from '../../src/strength.ts';
import { describeExternal, readVectors } from './vector-files.ts';

describeExternal('the 100,000 most common passwords (nbp)', () => {
  it('of which the first 3,000 are refused without exception', { timeout: 120_000 }, () => {
    const first = readVectors('passwords/nbp-top100000.txt.gz').split('\n').slice(0, 3_000);

    const taken = first.filter(
      (password) => checkPassword(password, defaultPasswordPolicy, estimateStrength(password)).accepted,
    );

    expect(taken).toEqual([]);
  });

  it('that are long enough are refused four times in five at least, by list or by score', {
    timeout: 120_000,
  }, () => {
    const long = readVectors('passwords/nbp-top100000.txt.gz')
      .split('\n')
      .filter((password) => password.length >= defaultPasswordPolicy.minLength);
    const sample = long.filter((_, index) => index % 3 === 0);

    const refused = sample.filter(
      (password) => !checkPassword(password, defaultPasswordPolicy, estimateStrength(password)).accepted,
    );

    expect(long).toHaveLength(489);
    expect(refused.length / sample.length).toBeGreaterThan(0.8);
  });
});
