/** @file Checks a password that is about to be set. Nothing of it leaves this device. */
import { checkPassword, defaultPasswordPolicy, type PasswordPolicy } from '@zkvault/crypto-core';
import { PasswordPolicyError } from './errors.ts';

/**
 * Refuses a password that does not fulfil a policy.
 *
 * @param userInputs what an attacker would try first: login, name, address.
 * @throws {PasswordPolicyError} with everything that fails.
 */
export async function assertPasswordFulfils(
  password: string,
  policy: PasswordPolicy = defaultPasswordPolicy,
  userInputs: readonly string[] = [],
): Promise<void> {
  // Loaded only when a password is set: its dictionaries weigh more than the rest of the SDK.
  const { estimateStrength } = await import('@zkvault/crypto-core/strength');
  const verdict = checkPassword(password, policy, estimateStrength(password, userInputs));
  if (!verdict.accepted) throw new PasswordPolicyError(verdict.failures);
}
