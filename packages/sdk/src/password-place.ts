/** @file Where the account key lies under the password. */
import { decodeBase64Url, type PlaceOf } from '@zkvault/crypto-core';
import type { StoredAccount } from './stored-account.ts';

/** The place of an account's password wrap. @throws {ProtocolError} its salt is none. */
export function passwordPlaceOf(
  realm: string,
  account: Omit<StoredAccount, 'wrap' | 'accountState' | 'vaults'>,
): PlaceOf<'wrap/password'> {
  const { accountId, login, profile, skFlag, akEpoch } = account;
  const salt = decodeBase64Url(account.salt);
  return { object: 'wrap/password', realm, accountId, login, profile, skFlag, salt, akEpoch };
}
