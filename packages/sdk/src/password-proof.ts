/** @file Proving the password once more, for what a stolen session must not be enough for. */
import { encodeBase64Url, wipe } from '@zkvault/crypto-core';
import { LockedError } from './errors.ts';
import type { OpenClient } from './open-client.ts';
import type { Settings } from './settings.ts';
import { deriveAuthKey } from './sign-in.ts';
import type { StoredAccount } from './stored-account.ts';
import { readCurrentAccount } from './stored-session.ts';

/** What a proof needs of the client. */
export interface ProofDeps {
  readonly settings: () => Settings;
  /** @throws {LockedError} */
  readonly opened: () => Promise<OpenClient>;
}

/** What a proven call works with. */
export interface Proven {
  readonly client: OpenClient;
  /** Canonical base64url, to be sent. */
  readonly authKey: string;
  /** The account as it is stored here: as sealed as it came. */
  readonly account: StoredAccount;
}

/** Runs work that proves a password to the server. */
export type WithPassword = <Value>(
  password: string,
  work: (proven: Proven) => Promise<Value>,
) => Promise<Value>;

/**
 * Makes the proof of an unlocked account's password. It is checked on this device first: a wrong one is an
 * UnlockError and is sent to nobody.
 */
export function makePasswordProof({ settings, opened }: ProofDeps): WithPassword {
  return async (password, work) => {
    const client = await opened();
    return client.session.run(async () => {
      const account = await readCurrentAccount(settings());
      // Another process may have logged in as somebody else.
      if (account?.accountId !== client.session.account.accountId) throw new LockedError('logged-out');
      const authKey = await deriveAuthKey(settings(), account, password);
      try {
        return await work({ client, account, authKey: encodeBase64Url(authKey) });
      } finally {
        wipe(authKey);
      }
    });
  };
}
