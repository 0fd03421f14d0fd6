/**
 * @file The second factor of an account: access control by the server, and nothing that this SDK believes
 * anything because of. No key depends on it, and no answer here decides what is shown or sealed.
 */
import {
  DecodeError,
  decode,
  disableSecondFactor,
  renewRecoveryCodes,
  SecondFactor,
  setUpSecondFactor,
  verifySecondFactor,
} from '@zkvault/contract';
import type { OfferedSecondFactor } from './credentials.ts';
import { makePasswordProof, type ProofDeps } from './password-proof.ts';
import type { SecondFactorManagement } from './vault-client.ts';

/** Refuses what has not the form of a second factor. @throws {RangeError} */
export function assertSecondFactor(offered: OfferedSecondFactor): SecondFactor {
  try {
    return decode(SecondFactor, offered);
  } catch (error) {
    if (error instanceof DecodeError)
      throw new RangeError('secondFactor must be a totp of six digits or a recoveryCode of 16 characters');
    throw error;
  }
}

/**
 * Makes the calls around the second factor of an unlocked account. Each proves the password anew, checked
 * on this device first: a wrong one is an UnlockError and is not sent.
 */
export function makeSecondFactorManagement(deps: ProofDeps): SecondFactorManagement {
  const proven = makePasswordProof(deps);
  return {
    setup: ({ password }, options = {}) =>
      proven(password, ({ client: { calls }, authKey }) =>
        calls.send(setUpSecondFactor, { body: { authKey } }, options),
      ),
    async verify({ password, totp }, options = {}) {
      assertSecondFactor({ totp });
      return proven(password, ({ client: { calls }, authKey }) =>
        calls.send(verifySecondFactor, { body: { authKey, totp } }, options),
      );
    },
    renewRecoveryCodes: ({ password }, options = {}) =>
      proven(password, ({ client: { calls }, authKey }) =>
        calls.send(renewRecoveryCodes, { body: { authKey } }, options),
      ),
    disable: ({ password }, options = {}) =>
      proven(password, ({ client: { calls }, authKey }) =>
        calls.send(disableSecondFactor, { body: { authKey } }, { ...options, idempotent: true }),
      ),
  };
}
