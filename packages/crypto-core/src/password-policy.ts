/**
 * @file What a password must satisfy (docs/protocol.md section 10). Runs on the client only.
 * The estimate of its strength comes from `./strength`, so that a bundle without a password form need not carry it.
 */
import { utf8 } from './bytes.ts';
import { PASSWORD_BYTES } from './kdf-profiles.ts';

/** What a new password must satisfy. */
export interface PasswordPolicy {
  /** In characters (code points after NFKC); 12 bytes of UTF-8 are needed in any case. */
  readonly minLength: number;
  /** 0 to 4, as {@link StrengthEstimate} has it. */
  readonly minScore: number;
  /** An upper-case letter, a lower-case letter, a digit and a symbol are all needed. */
  readonly requireClasses: boolean;
}

/** How strong a password is, as `estimateStrength` of `@zkvault/crypto-core/strength` tells. */
export interface StrengthEstimate {
  /** 0 guessed at once, 3 safe against online guessing and a stretched offline one, 4 more than that. */
  readonly score: 0 | 1 | 2 | 3 | 4;
  /** Decimal logarithm of the number of guesses. */
  readonly guessesLog10: number;
  /** The whole password stands in a list of common ones, whatever its case. */
  readonly common: boolean;
  /** A hint in English for a person, if there is one. */
  readonly warning?: string;
}

/** Why a password is refused. */
export type PasswordFailure =
  | 'too-short'
  | 'too-long'
  | 'too-common'
  | 'too-weak'
  | 'upper-missing'
  | 'lower-missing'
  | 'digit-missing'
  | 'symbol-missing';

/** The outcome of a check; `failures` is empty exactly if the password is accepted. */
export interface PasswordVerdict {
  readonly accepted: boolean;
  readonly failures: readonly PasswordFailure[];
}

/** 12 characters, score 3, no composition rules (OWASP ASVS 5.0 6.2). */
export const defaultPasswordPolicy: PasswordPolicy = { minLength: 12, minScore: 3, requireClasses: false };

/** 20 characters of all four classes, score 3. */
export const strictPasswordPolicy: PasswordPolicy = { minLength: 20, minScore: 3, requireClasses: true };

const CLASSES: readonly (readonly [PasswordFailure, RegExp])[] = [
  ['upper-missing', /\p{Lu}/u],
  ['lower-missing', /\p{Ll}/u],
  ['digit-missing', /\p{Nd}/u],
  ['symbol-missing', /[^\p{L}\p{N}\p{M}\p{Z}\p{C}]/u],
];

/**
 * Joins two policies to one that is at least as strict as both. A server's advice is taken this way only.
 */
export function tightenPolicy(ours: PasswordPolicy, advised: PasswordPolicy): PasswordPolicy {
  return {
    minLength: Math.max(ours.minLength, advised.minLength),
    minScore: Math.max(ours.minScore, advised.minScore),
    requireClasses: ours.requireClasses || advised.requireClasses,
  };
}

/**
 * Checks a new password. A common password is refused under every policy.
 *
 * @param estimate of the same password.
 * @throws {RangeError} the password has a lone surrogate.
 */
export function checkPassword(
  password: string,
  policy: PasswordPolicy,
  estimate: StrengthEstimate,
): PasswordVerdict {
  const normalized = password.normalize('NFKC');
  const bytes = utf8(normalized).length;
  const failures: PasswordFailure[] = [];
  if (bytes < PASSWORD_BYTES.min || Array.from(normalized).length < policy.minLength)
    failures.push('too-short');
  if (bytes > PASSWORD_BYTES.max) failures.push('too-long');
  if (estimate.common) failures.push('too-common');
  if (estimate.score < policy.minScore) failures.push('too-weak');
  if (policy.requireClasses)
    for (const [failure, pattern] of CLASSES) if (!pattern.test(normalized)) failures.push(failure);
  return { accepted: failures.length === 0, failures };
}
