/** @file Random passphrases from the EFF large word list, each of the possible ones equally likely. */
import { WORDS } from './passphrase-words.ts';
import { randomIntegers } from './primitives/random.ts';

/** What a passphrase is made of. */
export interface PassphraseOptions {
  /** 4 to 32; 6 if left out, which is 77 bits. */
  readonly words?: number;
  /** At most 4 characters between the words; a dash if left out. */
  readonly separator?: string;
  /** Capitalises each word; adds no entropy. Off if left out. */
  readonly capitalize?: boolean;
  /** Puts one digit after one word, both at random. Off if left out. */
  readonly includeNumber?: boolean;
}

/** A passphrase that was made, and how hard it is to guess. */
export interface GeneratedPassphrase {
  readonly passphrase: string;
  /** Binary logarithm of the number of passphrases that these options can give. */
  readonly entropyBits: number;
}

const COUNT = { min: 4, max: 32, default: 6 } as const;
const MAX_SEPARATOR_LENGTH = 4;
let words: readonly string[] | undefined;

/** The 7,776 words, in alphabetical order. */
export function passphraseWords(): readonly string[] {
  words ??= WORDS.trim().split(/\s/);
  return words;
}

/**
 * Makes a passphrase. No word begins another, so even without a separator no two draws give one text.
 *
 * @throws {RangeError} the number of words or the separator is out of bounds.
 */
export function generatePassphrase(options: PassphraseOptions = {}): GeneratedPassphrase {
  const {
    words: count = COUNT.default,
    separator = '-',
    capitalize = false,
    includeNumber = false,
  } = options;
  if (!Number.isInteger(count) || count < COUNT.min || count > COUNT.max)
    throw new RangeError(`words must be an integer from ${COUNT.min} to ${COUNT.max}, got ${count}`);
  if (separator.length > MAX_SEPARATOR_LENGTH)
    throw new RangeError(`separator must be at most ${MAX_SEPARATOR_LENGTH} characters`);
  const list = passphraseWords();
  const drawn = randomIntegers(list.length, count).map((index) => {
    const word = list[index]!;
    return capitalize ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  });
  let entropyBits = count * Math.log2(list.length);
  if (includeNumber) {
    const choices = 10 * count;
    const [choice] = randomIntegers(choices, 1);
    drawn[Math.floor(choice! / 10)] += String(choice! % 10);
    entropyBits += Math.log2(choices);
  }
  return { passphrase: drawn.join(separator), entropyBits };
}
