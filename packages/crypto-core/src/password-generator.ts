/** @file Random passwords, each of the possible ones equally likely, with their entropy. */
import { randomIntegers } from './primitives/random.ts';

/** What a password is made of. At least one class must be on. */
export interface PasswordOptions {
  /** 8 to 128 characters; 20 if left out. */
  readonly length?: number;
  /** A to Z; on if left out. */
  readonly upper?: boolean;
  /** a to z; on if left out. */
  readonly lower?: boolean;
  /** 0 to 9; on if left out. */
  readonly digits?: boolean;
  /** Printable ASCII that is no letter, digit, space, quote or backslash; on if left out. */
  readonly symbols?: boolean;
  /** Leaves out what looks alike: 0 O 1 l I and the vertical bar. Off if left out. */
  readonly avoidAmbiguous?: boolean;
}

/** A password that was made, and how hard it is to guess. */
export interface GeneratedPassword {
  readonly password: string;
  /** Binary logarithm of the number of passwords that these options can give. */
  readonly entropyBits: number;
}

const CLASSES = {
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  digits: '0123456789',
  symbols: '!#$%&()*+,-./:;<=>?@[]^_{|}~',
} as const;
const CLASS_NAMES = ['upper', 'lower', 'digits', 'symbols'] as const;
const AMBIGUOUS = /[0O1lI|]/g;
const LENGTH = { min: 8, max: 128, default: 20 } as const;

/**
 * Makes a password with at least one character of each class that is on.
 * Candidates are drawn whole and dropped whole, so that the rule favours no position.
 *
 * @throws {RangeError} length out of bounds, or no class is on.
 */
export function generatePassword(options: PasswordOptions = {}): GeneratedPassword {
  const length = options.length ?? LENGTH.default;
  if (!Number.isInteger(length) || length < LENGTH.min || length > LENGTH.max)
    throw new RangeError(`length must be an integer from ${LENGTH.min} to ${LENGTH.max}, got ${length}`);
  const classes = CLASS_NAMES.filter((name) => options[name] ?? true).map((name) =>
    options.avoidAmbiguous === true ? CLASSES[name].replaceAll(AMBIGUOUS, '') : CLASSES[name],
  );
  if (classes.length === 0) throw new RangeError('at least one class of characters must be on');
  const alphabet = classes.join('');
  for (;;) {
    const password = randomIntegers(alphabet.length, length)
      .map((index) => alphabet.charAt(index))
      .join('');
    if (classes.every((characters) => containsAny(password, characters)))
      return { password, entropyBits: entropyOf(classes, length) };
  }
}

function containsAny(password: string, characters: string): boolean {
  return Array.from(characters).some((character) => password.includes(character));
}

/** Counts the passwords that have every class, by inclusion and exclusion over the classes that are absent. */
function entropyOf(classes: readonly string[], length: number): number {
  const total = classes.join('').length;
  let share = 0;
  for (let absent = 0; absent < 2 ** classes.length; absent += 1) {
    let left = total;
    let sign = 1;
    for (const [index, characters] of classes.entries()) {
      if (((absent >> index) & 1) === 0) continue;
      left -= characters.length;
      sign = -sign;
    }
    share += sign * (left / total) ** length;
  }
  return length * Math.log2(total) + Math.log2(share);
}
