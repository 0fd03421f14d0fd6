/** @file Reads a second factor as a person gives it: six digits, or a recovery code in their place. */
import type { OfferedSecondFactor } from '@zkvault/sdk';
import { CliError } from '../cli-error.ts';

/**
 * Tells a one-time password from a recovery code.
 *
 * @throws {CliError} `usage`: it is neither.
 */
export function readSecondFactor(text: string): OfferedSecondFactor {
  const typed = text.trim();
  const totp = readOneTimePassword(typed);
  if (totp !== undefined) return { totp };
  if (/^[0-9A-Za-z -]{16,40}$/.test(typed)) return { recoveryCode: typed };
  throw new CliError('usage', 'that is neither a one-time password of six digits nor a recovery code');
}

/** Six digits, which apps show as two groups; undefined for anything else. */
export function readOneTimePassword(text: string): string | undefined {
  const digits = text.replaceAll(/\s/g, '');
  return /^[0-9]{6}$/.test(digits) ? digits : undefined;
}
