/**
 * @file From sealed account and secret to a session: the one reader behind login and unlock
 * (docs/protocol.md section 5). It generates nothing and sends nothing.
 */
import {
  type AccountKey,
  deriveAccountKeys,
  equalInConstantTime,
  IntegrityError,
  kdfRank,
  type PasswordKeys,
  type SealingKey,
  unwrapAccountKey,
  unwrapVaultKey,
  type VaultKey,
  wipe,
} from '@zkvault/crypto-core';
import { type AccountState, type ListedVault, markOf, openAccountState } from './account-state.ts';
import { DowngradeError, ForkError, RollbackError, UnlockError } from './errors.ts';
import { passwordPlaceOf } from './password-place.ts';
import { assertFollows, type Pins } from './pins.ts';
import { makeSession, type Session } from './session.ts';
import type { StoredAccount, StoredVault } from './stored-account.ts';

/** What opens the account key. */
export type Opener =
  | { readonly wrappingKey: PasswordKeys['wrappingKey'] }
  | { readonly accountKey: AccountKey };

/**
 * Opens an account: wrap, state, then the keys of exactly the vaults the state lists.
 *
 * @param account untrusted, from a login's answer or from storage.
 * @returns a session; the account key of the opener is its own then.
 * @throws {UnlockError} the wrap or (by account key) the state does not open.
 * @throws {IntegrityError} what is inside is not what it must be. @throws {DowngradeError}
 */
export async function openAccount(realm: string, account: StoredAccount, opener: Opener): Promise<Session> {
  const accountKey =
    'accountKey' in opener ? opener.accountKey : await unwrap(realm, account, opener.wrappingKey);
  const keys = deriveAccountKeys(accountKey);
  try {
    const accountState = await openAccountState(
      keys.stateKey,
      { realm, accountId: account.accountId, akEpoch: account.akEpoch },
      account.accountState,
    ).catch((error: unknown) => {
      // Under a key that came from outside this is the wrong key; under an unwrapped one it is a lie.
      throw 'accountKey' in opener && error instanceof IntegrityError ? new UnlockError() : error;
    });
    assertAgrees(account, accountState);
    const vaultKeys = await unwrapVaultKeys(realm, account, accountState, keys.vaultWrappingKey);
    return makeSession({ account, accountKey, accountState, vaultKeys });
  } catch (error) {
    wipe(accountKey);
    throw error;
  } finally {
    wipe(...Object.values(keys));
  }
}

/**
 * Checks an opened account against what this device remembers.
 *
 * @throws {RollbackError} @throws {ForkError} @throws {DowngradeError}
 */
export function assertFollowsPins(session: Session, account: StoredAccount, pins: Pins | undefined): void {
  if (pins === undefined) return;
  if (pins.accountId !== account.accountId)
    throw new IntegrityError('account-changed', 'this login had another account before');
  if (account.akEpoch < pins.akEpoch)
    throw new RollbackError(
      `the account key is of epoch ${account.akEpoch}, it was of ${pins.akEpoch} before`,
    );
  if (kdfRank(account.profile) < pins.kdfRank)
    throw new DowngradeError('kdf-downgrade', 'the account had a stronger KDF profile before');
  if (account.skFlag < pins.skFlag)
    throw new DowngradeError('secret-key-missing', 'the account had a Secret Key before');
  const mark = markOf(account.accountState);
  assertFollows(pins.state, mark, 'the account state');
  const { prev } = session.accountState();
  if (mark.seq === pins.state.seq + 1 && !equalInConstantTime(prev, pins.state.hash))
    throw new ForkError('the account state does not follow the one that was verified');
}

async function unwrap(
  realm: string,
  account: StoredAccount,
  wrappingKey: PasswordKeys['wrappingKey'],
): Promise<AccountKey> {
  const place = passwordPlaceOf(realm, account);
  try {
    return await unwrapAccountKey(wrappingKey, place, account.wrap);
  } catch (error) {
    if (error instanceof IntegrityError) throw new UnlockError();
    throw error;
  }
}

function assertAgrees(account: StoredAccount, state: AccountState): void {
  if (kdfRank(account.profile) < kdfRank(state.kdfProfile))
    throw new DowngradeError(
      'kdf-downgrade',
      'the account has a stronger KDF profile than the one that was used',
    );
  if (
    state.login !== account.login ||
    state.kdfProfile !== account.profile ||
    state.skFlag !== account.skFlag
  )
    throw new IntegrityError(
      'account-state-contradiction',
      'the account state is of another login or password',
    );
}

async function unwrapVaultKeys(
  realm: string,
  account: StoredAccount,
  state: AccountState,
  key: SealingKey<'vaultkey'>,
): Promise<ReadonlyMap<string, VaultKey>> {
  const { accountId } = account;
  const given = new Map(account.vaults.map((vault) => [vault.id, vault]));
  if (given.size !== account.vaults.length || given.size !== state.vaults.length)
    throw new IntegrityError('vaults-differ', 'the vaults given are not those the account state lists');
  const vaultKeys = new Map<string, VaultKey>();
  try {
    for (const listed of state.vaults) {
      const vault = given.get(listed.id);
      if (vault === undefined || !isListed(vault, listed))
        throw new IntegrityError('vaults-differ', 'the vaults given are not those the account state lists');
      const { id: vaultId, vkEpoch, role } = listed;
      const place = { object: 'vaultkey', realm, accountId, vaultId, vkEpoch, role } as const;
      vaultKeys.set(vaultId, await unwrapVaultKey(key, place, vault.wrap));
    }
    return vaultKeys;
  } catch (error) {
    wipe(...vaultKeys.values());
    throw error;
  }
}

function isListed(vault: StoredVault, listed: ListedVault): boolean {
  return (
    vault.vkEpoch === listed.vkEpoch && vault.role === listed.role && vault.integrity === listed.integrity
  );
}
