/** @file The keys of the vaults that an API key opened. It holds no account key, so nothing else is in reach. */
import { deriveVaultKeys, type VaultKey, type VaultKeys, wipe } from '@zkvault/crypto-core';
import type { Grant } from './api-key-grant.ts';
import { LockedError } from './errors.ts';
import type { VaultSession } from './session.ts';

/** An opened API key. */
export interface ApiKeySession extends VaultSession {
  /** Wipes every key. Idempotent. */
  lock(): void;
}

/** Begins a session. The vault keys given are wiped once theirs are derived. */
export function makeApiKeySession(grant: Grant, opened: ReadonlyMap<string, VaultKey>): ApiKeySession {
  const aborter = new AbortController();
  const vaultKeys = new Map<string, VaultKeys>();
  for (const [vaultId, vaultKey] of opened) {
    vaultKeys.set(vaultId, deriveVaultKeys(vaultKey));
    wipe(vaultKey);
  }

  function assertUnlocked(): void {
    if (aborter.signal.aborted) throw new LockedError();
  }

  return {
    account: { accountId: grant.accountId },
    signal: aborter.signal,
    accountState() {
      assertUnlocked();
      return grant;
    },
    vaultKeys(vaultId) {
      assertUnlocked();
      const keys = vaultKeys.get(vaultId);
      if (keys === undefined) throw new RangeError('vaultId must be a vault of this API key');
      return keys;
    },
    assertUnlocked,
    async run(work) {
      assertUnlocked();
      try {
        const value = await work();
        assertUnlocked();
        return value;
      } catch (error) {
        assertUnlocked();
        throw error;
      }
    },
    lock() {
      if (aborter.signal.aborted) return;
      for (const keys of vaultKeys.values()) wipe(...Object.values(keys));
      vaultKeys.clear();
      aborter.abort(new LockedError());
    },
  };
}
