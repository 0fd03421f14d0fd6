/** @file Everything that exists only while an account is unlocked, put together. */
import { makeVaultCache } from './cache.ts';
import { makeCheckpointer } from './checkpoint.ts';
import { makeEntries } from './entries.ts';
import { type Gate, makeGate } from './gate.ts';
import type { PinBook } from './pins.ts';
import type { Session } from './session.ts';
import { makeSessionCalls, type SessionCalls } from './session-calls.ts';
import type { Settings } from './settings.ts';
import type { SignedIn } from './sign-in.ts';
import { makeStateWriter } from './state-writer.ts';
import { accountStorageKeys } from './storage-keys.ts';
import { writeStoredAccount } from './stored-account.ts';
import { makeOpenVaults, type OpenVaults } from './sync.ts';
import { makeTokenKeeper, type TokenKeeper } from './tokens.ts';
import type { Transport } from './transport.ts';
import type { Entries } from './vault-client.ts';
import type { VaultManagement } from './vault-management.ts';
import { makeVaultSync } from './vault-sync.ts';
import { makeVaultManagement } from './vaults.ts';

/** An unlocked client. */
export interface OpenClient {
  readonly session: Session;
  readonly gate: Gate;
  readonly pins: PinBook;
  readonly tokens: TokenKeeper;
  readonly calls: SessionCalls;
  readonly vaults: OpenVaults;
  readonly entries: Entries;
  readonly management: VaultManagement;
}

/** Puts an unlocked client together. */
export function makeOpenClient(
  settings: Settings,
  transport: Transport,
  signedIn: SignedIn,
  deviceId: string,
): OpenClient {
  const { realm, storage, now } = settings;
  const { session, account, pins } = signedIn;
  const keys = accountStorageKeys(realm, account.login);
  const tokens = makeTokenKeeper({ transport, storage, storageKey: keys.tokens, now });
  const gate = makeGate(() => {
    for (const vault of all) vault.forget();
  });
  const calls = makeSessionCalls({ transport, tokens, session, gate });
  const all = account.vaults
    .filter(({ integrity }) => integrity === 'manifest')
    .map(({ id }) => {
      const cache = makeVaultCache(storage, (index) => keys.cachePart(id, index));
      return makeVaultSync({ realm, now, session, calls, pins, gate }, id, cache);
    });
  const vaults = makeOpenVaults(session, gate, all);
  const store = (stored: typeof account) => writeStoredAccount(storage, keys.account, stored);
  const states = makeStateWriter({ realm, session, pins, deviceId, now, store }, account);
  const checkpointer = makeCheckpointer({ session, calls, states });
  const entries = makeEntries({ session, calls, deviceId, now, vaults, all, checkpointer, gate });
  const recordKey = (vaultId: string) => keys.rotation(vaultId);
  const management = makeVaultManagement({
    session,
    calls,
    states,
    storage,
    recordKey,
    deviceId,
    now,
    vaults,
    all,
  });
  return { session, gate, pins, tokens, calls, vaults, entries, management };
}
