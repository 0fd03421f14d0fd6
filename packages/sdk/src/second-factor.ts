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
import { encodeBase64Url, wipe } from '@zkvault/crypto-core';
import { LockedError } from './errors.ts';
import type { OpenClient } from './open-client.ts';
import type { Settings } from './settings.ts';
import { deriveAuthKey } from './sign-in.ts';
import { readCurrentAccount } from './stored-session.ts';
import type { OfferedSecondFactor, SecondFactorManagement } from './vault-client.ts';

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
export function makeSecondFactorManagement(deps: {
  readonly settings: () => Settings;
  /** @throws {LockedError} */
  readonly opened: () => Promise<OpenClient>;
}): SecondFactorManagement {
  async function proven<Value>(
    password: string,
    send: (client: OpenClient, authKey: string) => Promise<Value>,
  ): Promise<Value> {
    const client = await deps.opened();
    const settings = deps.settings();
    return client.session.run(async () => {
      const account = await readCurrentAccount(settings);
      if (account?.accountId !== client.session.account.accountId) throw new LockedError('logged-out');
      const authKey = await deriveAuthKey(settings, account, password);
      try {
        return await send(client, encodeBase64Url(authKey));
      } finally {
        wipe(authKey);
      }
    });
  }

  return {
    setup: ({ password }, options = {}) =>
      proven(password, ({ calls }, authKey) => calls.send(setUpSecondFactor, { body: { authKey } }, options)),
    async verify({ password, totp }, options = {}) {
      assertSecondFactor({ totp });
      return proven(password, ({ calls }, authKey) =>
        calls.send(verifySecondFactor, { body: { authKey, totp } }, options),
      );
    },
    renewRecoveryCodes: ({ password }, options = {}) =>
      proven(password, ({ calls }, authKey) =>
        calls.send(renewRecoveryCodes, { body: { authKey } }, options),
      ),
    disable: ({ password }, options = {}) =>
      proven(password, ({ calls }, authKey) =>
        calls.send(disableSecondFactor, { body: { authKey } }, { ...options, idempotent: true }),
      ),
  };
}
