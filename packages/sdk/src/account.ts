/** @file The account as the server has it: what it says about its owner, and its end. Nothing here is secret. */
import { deleteOwnUser, getOwnUser, type User, updateOwnUser } from '@zkvault/contract';
import { encodeBase64Url, IntegrityError, wipe } from '@zkvault/crypto-core';
import type { ChangeDeps } from './account-change.ts';
import type { Account, AccountManagement } from './account-management.ts';
import { makeRekeying } from './account-rekey.ts';
import { makeKeyRotation } from './account-rotation.ts';
import { LockedError } from './errors.ts';
import type { OpenClient } from './open-client.ts';
import { readSecurityEvents } from './server-administration.ts';
import { deriveAuthKey } from './sign-in.ts';
import { readCurrentAccount } from './stored-session.ts';

/** What managing an account needs of the client. */
export interface AccountDeps extends ChangeDeps {
  /** Wipes the keys, and deletes everything this device has of the account. */
  readonly forget: () => Promise<void>;
}

/** Makes the account's part of a client. */
export function makeAccountManagement(deps: AccountDeps): AccountManagement {
  const { settings, opened, forget } = deps;
  return {
    ...makeRekeying(deps),
    ...makeKeyRotation(deps),
    async get(options = {}) {
      const open = await opened();
      return toAccount(await open.calls.send(getOwnUser, {}, { ...options, idempotent: true }), open);
    },
    async update({ email, fullName }, options = {}) {
      const open = await opened();
      const body = {
        ...(email === undefined ? {} : { email }),
        ...(fullName === undefined ? {} : { fullName }),
      };
      return toAccount(
        await open.calls.send(updateOwnUser, { body }, { ...options, idempotent: true }),
        open,
      );
    },
    securityEvents: async (query = {}, options = {}) => readSecurityEvents(await opened(), query, options),
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

/** Takes the server's word about this account. What it says of another one is a lie, and shuts the gate. */
function toAccount(user: User, { session, gate }: OpenClient): Account {
  const { id, login, email, fullName, role, createdAt } = user;
  if (id !== session.account.accountId) {
    const lie = new IntegrityError('account-changed', 'the answer is about another account');
    gate.shut(lie);
    throw lie;
  }
  return { id, login, email, fullName, role, createdAt };
}
