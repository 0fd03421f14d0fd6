/** @file The stored side of being logged in: whose session a storage holds, and forgetting it. */
import { utf8 } from '@zkvault/crypto-core';
import { makeVaultCache } from './cache.ts';
import { ProtocolError } from './errors.ts';
import type { Settings } from './settings.ts';
import type { LoggedIn } from './sign-in.ts';
import { accountStorageKeys, currentLoginKey } from './storage-keys.ts';
import { readStoredAccount, type StoredAccount, writeStoredAccount } from './stored-account.ts';
import { writeTokens } from './tokens.ts';

/** The login a storage is logged in with, or undefined. */
export async function readCurrentLogin({ storage, realm }: Settings): Promise<string | undefined> {
  const bytes = await storage.get(currentLoginKey(realm));
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/**
 * The account a storage is logged in with, or undefined.
 *
 * @throws {ProtocolError} what is stored is not what this SDK writes.
 */
export async function readCurrentAccount(settings: Settings): Promise<StoredAccount | undefined> {
  const login = await readCurrentLogin(settings);
  if (login === undefined) return undefined;
  const { storage, realm } = settings;
  const account = await readStoredAccount(storage, accountStorageKeys(realm, login).account);
  if (account !== undefined && account.login !== login)
    throw new ProtocolError('document-invalid', 'the stored account is of another login');
  return account;
}

/** Keeps what a login brought, in place of whatever session was there before. */
export async function storeLogin(settings: Settings, loggedIn: LoggedIn): Promise<void> {
  const { storage, realm } = settings;
  const { account, tokens, secretKey } = loggedIn;
  const before = await readCurrentLogin(settings);
  if (before !== undefined && before !== account.login) await forgetLogin(settings);
  const keys = accountStorageKeys(realm, account.login);
  if (secretKey !== undefined) await storage.set(keys.secretKey, secretKey);
  await writeStoredAccount(storage, keys.account, account);
  await writeTokens(storage, keys.tokens, tokens);
  // Last: until it is written, the storage is logged out.
  await storage.set(currentLoginKey(realm), utf8(account.login));
}

/** Deletes everything of the current login: its account is no more. */
export async function forgetAccountOf(settings: Settings): Promise<void> {
  const { storage, realm } = settings;
  const login = await readCurrentLogin(settings);
  if (login === undefined) return;
  const keys = accountStorageKeys(realm, login);
  await forgetLogin(settings);
  await storage.delete(keys.pins);
  await storage.delete(keys.secretKey);
}

/** Deletes session and caches of the current login. Its pins and Secret Key stay. */
export async function forgetLogin(settings: Settings): Promise<void> {
  const { storage, realm } = settings;
  const login = await readCurrentLogin(settings);
  if (login === undefined) return;
  const keys = accountStorageKeys(realm, login);
  const account = await readStoredAccount(storage, keys.account).catch((error: unknown) => {
    // A broken record must not keep anybody from logging out.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  });
  for (const { id } of account?.vaults ?? [])
    await makeVaultCache(storage, (index) => keys.cachePart(id, index)).clear();
  await storage.delete(currentLoginKey(realm));
  await storage.delete(keys.tokens);
  await storage.delete(keys.account);
}
