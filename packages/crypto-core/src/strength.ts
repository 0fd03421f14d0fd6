/**
 * @file How strong a password is, by zxcvbn. A door of its own, because its dictionaries weigh 1.6 MB:
 * load it when a password is about to be chosen.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as commonDictionary } from '@zxcvbn-ts/language-common';
import { dictionary as englishDictionary, translations } from '@zxcvbn-ts/language-en';
import type { StrengthEstimate } from './password-policy.ts';

export type { StrengthEstimate } from './password-policy.ts';

/** What lies beyond is not looked at: the time of an estimate grows with the square of the length. */
const MAX_ESTIMATED_CHARACTERS = 128;

let estimator: ZxcvbnFactory | undefined;
let commonPasswords: ReadonlySet<string> | undefined;

/**
 * Estimates a password. The first call builds the dictionaries (0.3 s), later ones take 5 to 300 ms.
 *
 * @param password as typed; its first 128 characters after NFKC are looked at.
 * @param userInputs what an attacker would try first: login, name, host.
 */
export function estimateStrength(password: string, userInputs: readonly string[] = []): StrengthEstimate {
  const normalized = password.normalize('NFKC');
  estimator ??= new ZxcvbnFactory({
    dictionary: { ...commonDictionary, ...englishDictionary },
    graphs: adjacencyGraphs,
    translations,
    maxLength: MAX_ESTIMATED_CHARACTERS,
  });
  commonPasswords ??= new Set(commonDictionary['passwords-common']);
  const { score, guessesLog10, feedback } = estimator.check(normalized, [...userInputs]);
  return {
    score,
    guessesLog10,
    common: commonPasswords.has(normalized.toLowerCase()),
    ...(feedback.warning === null ? {} : { warning: feedback.warning }),
  };
}
