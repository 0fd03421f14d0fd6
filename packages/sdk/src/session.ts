/**
 * @file An unlocked account: the only holder of keys. Everything else asks it for them at each use,
 * and once it is locked every answer is a LockedError.
 */
import {
  type AccountKey,
  type AccountKeys,
  deriveAccountKeys,
  deriveVaultKeys,
  type PinsKey,
  pinsKeyFromBytes,
  type VaultKey,
  type VaultKeys,
  wipe,
} from '@zkvault/crypto-core';
import type { AccountState } from './account-state.ts';
import { LockedError, RollbackError } from './errors.ts';
import type { StoredAccount } from './stored-account.ts';

/** What work on vaults needs of whatever opened them. */
export interface VaultSession {
  readonly account: Pick<StoredAccount, 'accountId'>;
  /** Aborts with a LockedError when the session is locked. */
  readonly signal: AbortSignal;
  /** Which vaults there are. @throws {LockedError} */
  accountState(): Pick<AccountState, 'vaults'>;
  /** The keys of a vault. They stay the session's. */
  vaultKeys(vaultId: string): VaultKeys;
  /** @throws {LockedError} */
  assertUnlocked(): void;
  /** Runs work of this session; whatever comes of it after a lock is a LockedError. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
}

/** An unlocked account. */
export interface Session extends VaultSession {
  /** Who it is of; not secret. */
  readonly account: Pick<StoredAccount, 'login' | 'accountId' | 'akEpoch' | 'profile' | 'skFlag'>;
  /** The newest account state this session knows. */
  accountState(): AccountState;
  /** Remembers an account state that was written or read. */
  setAccountState(state: AccountState): void;
  /** The keys of the account. They stay the session's: never keep, copy or wipe them. */
  accountKeys(): AccountKeys;
  /** The key of pins written under the account key of an epoch; see `PinsKeyOf` in pins.ts. */
  pinsKey(akEpoch: number): PinsKey | undefined;
  /** Takes the keys of a vault's next key in the place of the present ones, which are wiped, as is the key given. */
  replaceVaultKey(vaultId: string, vaultKey: VaultKey): void;
  /** A copy of the account key; the caller wipes it. */
  exportUnlockKey(): Uint8Array;
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
    pinsKey(akEpoch) {
      assertUnlocked();
      if (akEpoch === account.akEpoch) return accountKeys.pinsKey;
      if (akEpoch > account.akEpoch)
        throw new RollbackError(
          `the account key is of epoch ${account.akEpoch}, it was of ${akEpoch} before`,
        );
      const former = accountState.formerPinsKeys.find((candidate) => candidate.akEpoch === akEpoch);
      return former === undefined ? undefined : pinsKeyFromBytes(former.key);
    },
    vaultKeys(vaultId) {
      assertUnlocked();
      const keys = vaultKeys.get(vaultId);
      if (keys === undefined) throw new RangeError('vaultId must be a vault of this session');
      return keys;
    },
    replaceVaultKey(vaultId, vaultKey) {
      assertUnlocked();
      wipe(...Object.values(vaultKeys.get(vaultId) ?? {}));
      vaultKeys.set(vaultId, deriveVaultKeys(vaultKey));
      wipe(vaultKey);
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
