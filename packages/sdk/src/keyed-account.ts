/** @file Accounts on the way from one set of keys to the next. */
import type { PasswordKeys, SecretKey } from '@zkvault/crypto-core';
import type { OpenClient } from './open-client.ts';
import type { Session } from './session.ts';
import type { StoredAccount } from './stored-account.ts';

/** An account and what its password derives; all of it is wiped when the change is over. */
export interface KeyedAccount {
  readonly account: StoredAccount;
  readonly keys: PasswordKeys;
  readonly secretKey: SecretKey | undefined;
}

/** What a change starts from. */
export interface OpenedAccount extends KeyedAccount {
  readonly session: Session;
}

/** An account to be, with the request that makes it. */
export interface NextAccount extends KeyedAccount {
  /** Sends the change; what it answers is not believed. @param authKey the present one. */
  readonly send: (client: OpenClient, authKey: string) => Promise<unknown>;
}
