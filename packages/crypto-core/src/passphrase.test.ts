import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8 } from './bytes.ts';
import { generatePassphrase, passphraseWords } from './passphrase.ts';
import { sha256 } from './primitives/hash.ts';

describe('the word list', () => {
  it('is the 7,776 words of the EFF large list, unchanged', () => {
    const words = passphraseWords();

    expect(words).toHaveLength(6 ** 5);
    expect(bytesToHex(sha256(utf8(`${words.join('\n')}\n`)))).toBe(
      '6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522',
    );
  });

  it('has no word twice and none that begins another, so that words can be written without a gap', () => {
    const sorted = passphraseWords().toSorted();

    for (const [index, word] of sorted.slice(1).entries())
      expect(word.startsWith(sorted[index]!)).toBe(false);
  });

  it('has words of lower-case letters, four of them with a dash', () => {
    const words = passphraseWords();

    expect(words.every((word) => /^[a-z]{3,9}$|^[a-z]+-[a-z]+$/.test(word))).toBe(true);
    expect(words.filter((word) => word.includes('-'))).toEqual(['drop-down', 'felt-tip', 't-shirt', 'yo-yo']);
  });
});

describe('a generated passphrase', () => {
  it('has six words by default, which is 77.5 bits', () => {
    const { passphrase, entropyBits } = generatePassphrase({ separator: ' ' });

    expect(passphrase.split(' ')).toHaveLength(6);
    expect(passphrase.split(' ').every((word) => passphraseWords().includes(word))).toBe(true);
    expect(entropyBits).toBeCloseTo(6 * Math.log2(7776), 9);
    expect(generatePassphrase().passphrase).toMatch(/^[a-z-]+$/);
  });

  it.for([4, 5, 31, 32])('has %d words', (words) => {
    expect(generatePassphrase({ words, separator: ' ' }).passphrase.split(' ')).toHaveLength(words);
  });

  it.for([0, 3, 33, 4.5])('has not %d words', (words) => {
    expect(() => generatePassphrase({ words })).toThrow(RangeError);
  });

  it('has a separator of at most four characters, or none', () => {
    expect(generatePassphrase({ separator: '' }).passphrase).toMatch(/^[a-z-]+$/);
    expect(generatePassphrase({ separator: ' :: ' }).passphrase.split(' :: ')).toHaveLength(6);
    expect(() => generatePassphrase({ separator: '-----' })).toThrow(RangeError);
  });

  it('is capitalised without any gain of entropy', () => {
    const { passphrase, entropyBits } = generatePassphrase({ capitalize: true, separator: ' ' });

    expect(passphrase.split(' ').every((word) => /^[A-Z]/.test(word))).toBe(true);
    expect(entropyBits).toBeCloseTo(6 * Math.log2(7776), 9);
  });

  it('has one digit after one word if asked to, in any place', () => {
    const places = new Set<number>();
    for (let round = 0; round < 300; round += 1) {
      const { passphrase, entropyBits } = generatePassphrase({
        includeNumber: true,
        separator: ' ',
        words: 4,
      });
      const words = passphrase.split(' ');
      const numbered = words.filter((word) => /^[a-z-]+\d$/.test(word));
      places.add(words.indexOf(numbered[0]!));

      expect(numbered).toHaveLength(1);
      expect(entropyBits).toBeCloseTo(4 * Math.log2(7776) + Math.log2(40), 9);
    }
    expect(places).toEqual(new Set([0, 1, 2, 3]));
  });

  it('draws from the whole list', () => {
    const drawn = new Set<string>();
    for (let round = 0; round < 3000; round += 1)
      for (const word of generatePassphrase({ words: 32, separator: ' ' }).passphrase.split(' '))
        drawn.add(word);

    // 96,000 draws leave out a given word once in 230,000 times.
    expect(drawn.size).toBeGreaterThan(7770);
  });
});
