import { deriveAccountKeys, deriveVaultKeys, makeAccountKey, makeVaultKey } from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { LockedError } from './errors.ts';
import { makeSession, type Session } from './session.ts';

const VAULT_ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';

function givenSession(): { readonly session: Session; readonly secrets: readonly Uint8Array[] } {
  const accountKey = makeAccountKey();
  const vaultKey = makeVaultKey();
  const session = makeSession({
    account: { login: 'ada', accountId: VAULT_ID, akEpoch: 1, profile: 1, skFlag: 1 },
    accountKey,
    accountState: { vaults: [] } as never,
    vaultKeys: new Map([[VAULT_ID, vaultKey]]),
  });
  const held = [...Object.values(session.accountKeys()), ...Object.values(session.vaultKeys(VAULT_ID))];
  return { session, secrets: [accountKey, vaultKey, ...held] };
}

describe('a session', () => {
  it('holds the keys of the account and of its vaults', () => {
    const accountKey = makeAccountKey();
    const vaultKey = makeVaultKey();
    const expected = [deriveAccountKeys(accountKey), deriveVaultKeys(vaultKey)];

    const session = makeSession({
      account: { login: 'ada', accountId: VAULT_ID, akEpoch: 1, profile: 1, skFlag: 1 },
      accountKey,
      accountState: { vaults: [] } as never,
      vaultKeys: new Map([[VAULT_ID, vaultKey]]),
    });

    expect([session.accountKeys(), session.vaultKeys(VAULT_ID)]).toEqual(expected);
    expect(session.exportUnlockKey()).toEqual(new Uint8Array(accountKey));
    expect(() => session.vaultKeys('another')).toThrow(RangeError);
  });

  it('has zeros in the place of every key after a lock', () => {
    const { session, secrets } = givenSession();

    session.lock();
    session.lock();

    expect(secrets).toHaveLength(9);
    for (const secret of secrets) expect(secret).toEqual(new Uint8Array(32));
  });

  it('answers with a LockedError to everything after a lock', async () => {
    const { session } = givenSession();

    session.lock();

    expect(() => session.accountKeys()).toThrow(LockedError);
    expect(() => session.vaultKeys(VAULT_ID)).toThrow(LockedError);
    expect(() => session.accountState()).toThrow(LockedError);
    expect(() => session.setAccountState({} as never)).toThrow(LockedError);
    expect(() => session.exportUnlockKey()).toThrow(LockedError);
    await expect(session.run(async () => 1)).rejects.toThrow(LockedError);
    expect(session.signal.reason).toBeInstanceOf(LockedError);
  });

  it('gives out no result and no other error of work that a lock overtook', async () => {
    const { session } = givenSession();
    const succeeding = session.run(async () => {
      session.lock();
      return 'plaintext';
    });
    const other = givenSession().session;
    const failing = other.run(async () => {
      other.lock();
      throw new Error('because of zeros');
    });

    await expect(succeeding).rejects.toThrow(LockedError);
    await expect(failing).rejects.toThrow(LockedError);
  });
});
