/** @file The stored side of being logged in: whose session a storage holds, and forgetting it. */
import { utf8 } from '@zkvault/crypto-core';
import { makeVaultCache } from './cache.ts';
import { ConflictError, ProtocolError } from './errors.ts';
import { settlePendingChange } from './pending-change.ts';
import { readUnverifiedPins } from './pins.ts';
import type { Settings } from './settings.ts';
import type { LoggedIn } from './sign-in.ts';
import type { Storage } from './storage.ts';
import { type AccountStorageKeys, accountStorageKeys, currentLoginKey } from './storage-keys.ts';
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
  await settlePendingChange(storage, keys.pending, account);
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
  await storage.delete(keys.pending);
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
  for (const { id } of account?.vaults ?? []) {
    await makeVaultCache(storage, (index) => keys.cachePart(id, index)).clear();
    await storage.delete(keys.rotation(id));
  }
  await storage.delete(currentLoginKey(realm));
  await storage.delete(keys.tokens);
  await storage.delete(keys.account);
}

/**
 * Before an account gets another login: what this device alone has of it, under that login as well. If the answer
 * is lost, the new login finds it there.
 *
 * @throws {ConflictError} `account-known`: this device knows another account of that login.
 */
export async function prepareStoredLogin(
  { storage, realm }: Settings,
  from: AccountStorageKeys,
  { login, accountId }: StoredAccount,
): Promise<void> {
  const to = accountStorageKeys(realm, login);
  if (to.pins === from.pins) return;
  const known = await readUnverifiedPins(storage, to.pins);
  if (known !== undefined && known.accountId !== accountId)
    throw new ConflictError('account-known', 'this device already knows an account of that login');
  await copyValue(storage, from.secretKey, to.secretKey);
  await copyValue(storage, from.pins, to.pins);
}

/** Takes back what {@link prepareStoredLogin} did. */
export async function dropPreparedLogin(
  { storage, realm }: Settings,
  { login }: Pick<StoredAccount, 'login'>,
): Promise<void> {
  const { pins, secretKey } = accountStorageKeys(realm, login);
  await storage.delete(pins);
  await storage.delete(secretKey);
}

/** Goes on under the login that an account has now: session, caches and memory move. */
export async function moveStoredLogin(
  settings: Settings,
  from: AccountStorageKeys,
  account: StoredAccount,
): Promise<void> {
  const { storage, realm } = settings;
  const to = accountStorageKeys(realm, account.login);
  await prepareStoredLogin(settings, from, account);
  await copyValue(storage, from.tokens, to.tokens);
  for (const { id } of account.vaults)
    for (let part = 0; await copyValue(storage, from.cachePart(id, part), to.cachePart(id, part)); part += 1);
  await writeStoredAccount(storage, to.account, account);
  await storage.set(currentLoginKey(realm), utf8(account.login));
  for (const { id } of account.vaults)
    await makeVaultCache(storage, (index) => from.cachePart(id, index)).clear();
  for (const key of [from.tokens, from.account, from.pins, from.secretKey, from.pending])
    await storage.delete(key);
}

/** @returns false if there was nothing to copy. */
async function copyValue(storage: Storage, from: string, to: string): Promise<boolean> {
  const value = await storage.get(from);
  if (value === undefined) return false;
  await storage.set(to, value);
  return true;
}
