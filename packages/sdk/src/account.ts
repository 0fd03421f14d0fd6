/** @file The account as the server has it: what it says about its owner, and its end. Nothing here is secret. */
import { deleteOwnUser, getOwnUser, type User, updateOwnUser } from '@zkvault/contract';
import { encodeBase64Url, IntegrityError, wipe } from '@zkvault/crypto-core';
import type { Account, AccountManagement } from './account-management.ts';
import { LockedError } from './errors.ts';
import type { OpenClient } from './open-client.ts';
import type { Settings } from './settings.ts';
import { deriveAuthKey } from './sign-in.ts';
import { readCurrentAccount } from './stored-session.ts';

/** What managing an account needs of the client. */
export interface AccountDeps {
  readonly settings: () => Settings;
  /** @throws {LockedError} */
  readonly opened: () => Promise<OpenClient>;
  /** Wipes the keys, and deletes everything this device has of the account. */
  readonly forget: () => Promise<void>;
}

/** Makes the account's part of a client. */
export function makeAccountManagement({ settings, opened, forget }: AccountDeps): AccountManagement {
  return {
    async get(options = {}) {
      const { session, calls } = await opened();
      const user = await calls.send(getOwnUser, {}, { ...options, idempotent: true });
      return toAccount(user, session.account.accountId);
    },
    async update({ email, fullName }, options = {}) {
      const { session, calls } = await opened();
      const body = {
        ...(email === undefined ? {} : { email }),
        ...(fullName === undefined ? {} : { fullName }),
      };
      const user = await calls.send(updateOwnUser, { body }, { ...options, idempotent: true });
      return toAccount(user, session.account.accountId);
    },
    async deleteAccount({ password }, options = {}) {
      const { session, calls } = await opened();
      const account = await readCurrentAccount(settings());
      // Another process may have logged in as somebody else; that account is not to be deleted.
      if (account?.accountId !== session.account.accountId) throw new LockedError('logged-out');
      const authKey = await deriveAuthKey(settings(), account, password);
      try {
        await calls.send(deleteOwnUser, { body: { authKey: encodeBase64Url(authKey) } }, options);
      } finally {
        wipe(authKey);
      }
      await forget();
    },
  };
}

function toAccount({ id, login, email, fullName, role, createdAt }: User, accountId: string): Account {
  if (id !== accountId) throw new IntegrityError('account-changed', 'the answer is about another account');
  return { id, login, email, fullName, role, createdAt };
}
