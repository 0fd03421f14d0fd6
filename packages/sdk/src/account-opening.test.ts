import {
  type AccountKey,
  accountKeyFromBytes,
  deriveAccountKeys,
  derivePasswordKeys,
  encodeBase64Url,
  makeAccountKey,
  makeVaultKey,
  type PasswordKeys,
  wrapAccountKey,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { assertFollowsPins, openAccount } from './account-opening.ts';
import { type AccountState, markOf, sealAccountState } from './account-state.ts';
import { DowngradeError, ForkError, IntegrityError, RollbackError, UnlockError } from './errors.ts';
import type { Pins } from './pins.ts';
import type { StoredAccount } from './stored-account.ts';

const REALM = 'vault.example';
const ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const OTHER_ID = '6c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const salt = new Uint8Array(16).fill(3);
const kdf = { argon2id: async () => new Uint8Array(32).fill(5) };

interface Given {
  readonly account: StoredAccount;
  readonly wrappingKey: PasswordKeys['wrappingKey'];
  readonly accountKey: AccountKey;
}

/** An account that somebody with all its keys has sealed, with a state that says something else. */
async function givenAccount(said: Partial<AccountState> = {}): Promise<Given> {
  const login = 'ada@example.com';
  const accountKey = makeAccountKey();
  const { stateKey, vaultWrappingKey } = deriveAccountKeys(accountKey);
  const { wrappingKey } = await derivePasswordKeys({
    profile: 1,
    password: 'violet harbour',
    realm: REALM,
    login,
    salt,
    kdf,
  });
  const shared = { realm: REALM, accountId: ID };
  const wrap = await wrapAccountKey(
    wrappingKey,
    { object: 'wrap/password', ...shared, login, profile: 1, skFlag: 0, salt, akEpoch: 1 },
    accountKey,
  );
  const vaultPlace = { object: 'vaultkey', ...shared, vaultId: ID, vkEpoch: 1, role: 'owner' } as const;
  const vaultWrap = await wrapVaultKey(vaultWrappingKey, vaultPlace, makeVaultKey());
  const hash = new Uint8Array(32);
  const vault = { id: ID, vkEpoch: 1, role: 'owner', integrity: 'manifest' } as const;
  const accountState = await sealAccountState(stateKey, {
    ...shared,
    login,
    kdfProfile: 1,
    skFlag: 0,
    akEpoch: 1,
    seq: 4,
    prev: hash,
    vaults: [{ ...vault, createdHash: hash, checkpoint: { seq: 0, hash } }],
    contacts: [],
    recoveryId: null,
    formerPinsKeys: [],
    updatedBy: ID,
    updatedAt: '2026-11-22T12:00:00.000Z',
    ...said,
  });
  const account: StoredAccount = {
    login,
    accountId: ID,
    profile: 1,
    salt: encodeBase64Url(salt),
    skFlag: 0,
    akEpoch: 1,
    wrap,
    accountState,
    vaults: [{ ...vault, wrap: vaultWrap }],
  };
  return { account, wrappingKey, accountKey };
}

describe('an account', () => {
  it('is opened by the password’s key and by its own', async () => {
    const { account, wrappingKey, accountKey } = await givenAccount();

    const byPassword = await openAccount(REALM, account, { wrappingKey });
    const byKey = await openAccount(REALM, account, { accountKey: accountKeyFromBytes(accountKey.slice()) });

    expect(byPassword.exportUnlockKey()).toEqual(byKey.exportUnlockKey());
    expect(byPassword.vaultKeys(ID)).toEqual(byKey.vaultKeys(ID));
  });

  it('whose state knows a stronger KDF profile than the one that was used is a downgrade', async () => {
    const { account, wrappingKey } = await givenAccount({ kdfProfile: 3 });

    await expect(openAccount(REALM, account, { wrappingKey })).rejects.toThrow(DowngradeError);
  });

  it.for([
    ['a weaker KDF profile', { kdfProfile: 2 }],
    ['a Secret Key', { skFlag: 1 }],
    ['another login', { login: 'eve@example.com' }],
  ] as const)('whose state knows %s contradicts itself', async ([, said]) => {
    const { account, wrappingKey } = await givenAccount(said);

    await expect(openAccount(REALM, account, { wrappingKey })).rejects.toMatchObject({
      code: 'account-state-contradiction',
    });
  });

  it('in another realm does not open', async () => {
    const { account, wrappingKey } = await givenAccount();

    await expect(openAccount('other.example', account, { wrappingKey })).rejects.toThrow(UnlockError);
  });

  it('leaves no key behind when it is refused', async () => {
    const { account, accountKey } = await givenAccount({ skFlag: 1 });

    await expect(openAccount(REALM, account, { accountKey })).rejects.toThrow(IntegrityError);

    expect(new Uint8Array(accountKey)).toEqual(new Uint8Array(32));
  });
});

describe('an opened account', () => {
  const refusals: readonly (readonly [string, Partial<Pins>, abstract new (...args: never[]) => Error])[] = [
    ['another account', { accountId: OTHER_ID }, IntegrityError],
    ['a later account key', { akEpoch: 2 }, RollbackError],
    ['a stronger KDF profile', { kdfRank: 3 }, DowngradeError],
    ['a Secret Key', { skFlag: 1 }, DowngradeError],
    ['a later state', { state: { seq: 5, hash: new Uint8Array(32) } }, RollbackError],
    ['another state of the same number', { state: { seq: 4, hash: new Uint8Array(32) } }, ForkError],
    ['another state before it', { state: { seq: 3, hash: new Uint8Array(32).fill(1) } }, ForkError],
  ];

  it.for(refusals)('is refused by a device that remembers %s', async ([, remembered, refusal]) => {
    const { account, wrappingKey } = await givenAccount();
    const session = await openAccount(REALM, account, { wrappingKey });
    const state = markOf(account.accountState);
    const pins: Pins = { accountId: ID, kdfRank: 2, skFlag: 0, akEpoch: 1, state, vaults: {} };

    expect(() => assertFollowsPins(session, account, { ...pins, ...remembered })).toThrow(refusal);
    expect(() => assertFollowsPins(session, account, pins)).not.toThrow();
  });

  it('is taken by a device that remembers the state before it, or nothing', async () => {
    const { account, wrappingKey } = await givenAccount();
    const session = await openAccount(REALM, account, { wrappingKey });
    const state = { seq: 3, hash: new Uint8Array(32) };
    const pins: Pins = { accountId: ID, kdfRank: 2, skFlag: 0, akEpoch: 1, state, vaults: {} };

    expect(() => assertFollowsPins(session, account, pins)).not.toThrow();
    expect(() => assertFollowsPins(session, account, undefined)).not.toThrow();
  });
});
