/**
 * @file An unlocked account: the only holder of keys. Everything else asks it for them at each use,
 * and once it is locked every answer is a LockedError.
 */
import {
  type AccountKey,
  type AccountKeys,
  deriveAccountKeys,
  deriveVaultKeys,
  type VaultKey,
  type VaultKeys,
  wipe,
} from '@zkvault/crypto-core';
import type { AccountState } from './account-state.ts';
import { LockedError } from './errors.ts';
import type { StoredAccount } from './stored-account.ts';

/** An unlocked account. */
export interface Session {
  /** Who it is of; not secret. */
  readonly account: Pick<StoredAccount, 'login' | 'accountId' | 'akEpoch' | 'profile' | 'skFlag'>;
  /** Aborts with a LockedError when the session is locked. */
  readonly signal: AbortSignal;
  /** The newest account state this session knows. */
  accountState(): AccountState;
  /** Remembers an account state that was written or read. */
  setAccountState(state: AccountState): void;
  /** The keys of the account. They stay the session's: never keep, copy or wipe them. */
  accountKeys(): AccountKeys;
  /** The keys of a vault. They stay the session's. */
  vaultKeys(vaultId: string): VaultKeys;
  /** A copy of the account key; the caller wipes it. */
  exportUnlockKey(): Uint8Array;
  /** @throws {LockedError} */
  assertUnlocked(): void;
  /** Runs work of this session; whatever comes of it after a lock is a LockedError. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Wipes every key. Idempotent. */
  lock(): void;
}

/** What a session is made of; it owns the keys from then on. */
export interface SessionMaterial {
  readonly account: Session['account'];
  readonly accountKey: AccountKey;
  readonly accountState: AccountState;
  readonly vaultKeys: ReadonlyMap<string, VaultKey>;
}

/** Begins a session. The vault keys given are wiped once theirs are derived. */
export function makeSession(material: SessionMaterial): Session {
  const { account, accountKey } = material;
  const aborter = new AbortController();
  const accountKeys = deriveAccountKeys(accountKey);
  const vaultKeys = new Map<string, VaultKeys>();
  for (const [vaultId, vaultKey] of material.vaultKeys) {
    vaultKeys.set(vaultId, deriveVaultKeys(vaultKey));
    wipe(vaultKey);
  }
  let accountState = material.accountState;

  function assertUnlocked(): void {
    if (aborter.signal.aborted) throw new LockedError();
  }

  return {
    account,
    signal: aborter.signal,
    accountState() {
      assertUnlocked();
      return accountState;
    },
    setAccountState(state) {
      assertUnlocked();
      accountState = state;
    },
    accountKeys() {
      assertUnlocked();
      return accountKeys;
    },
    vaultKeys(vaultId) {
      assertUnlocked();
      const keys = vaultKeys.get(vaultId);
      if (keys === undefined) throw new RangeError('vaultId must be a vault of this session');
      return keys;
    },
    exportUnlockKey() {
      assertUnlocked();
      return accountKey.slice();
    },
    assertUnlocked,
    async run(work) {
      assertUnlocked();
      try {
        const value = await work();
        assertUnlocked();
        return value;
      } catch (error) {
        // What fails after a lock fails because of it: keys are zeros, requests are aborted.
        assertUnlocked();
        throw error;
      }
    },
    lock() {
      if (aborter.signal.aborted) return;
      wipe(accountKey, ...Object.values(accountKeys));
      for (const keys of vaultKeys.values()) wipe(...Object.values(keys));
      vaultKeys.clear();
      aborter.abort(new LockedError());
    },
  };
}
