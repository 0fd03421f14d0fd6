/**
 * @file The account state as this session knows it and writes it: one document after the other, each
 * naming the one before (docs/protocol.md section 5).
 */
import type { Sealed } from '@zkvault/contract';
import {
  type AccountState,
  type ListedVault,
  markOf,
  openAccountState,
  sealAccountState,
} from './account-state.ts';
import type { PinBook } from './pins.ts';
import type { Session } from './session.ts';
import type { StoredAccount, StoredVault } from './stored-account.ts';

/** What a writer works with. */
export interface StateWriterDeps {
  readonly realm: string;
  readonly session: Session;
  readonly pins: PinBook;
  readonly deviceId: string;
  readonly now: () => number;
  /** Keeps the sealed account for the next unlock. */
  readonly store: (account: StoredAccount) => Promise<void>;
}

/** Writes the account states of one session. */
export interface StateWriter {
  /** Seals the next account state, with the vaults changed. It is not sent and changes nothing here. */
  prepare(change: (vault: ListedVault) => ListedVault): Promise<Sealed>;
  /**
   * Remembers an account state that the server took: in storage, in the pins and in the session, in this order.
   *
   * @param vault a vault whose wrap it came with.
   * @throws {IntegrityError} it is not one of this account.
   */
  adopt(sealed: Sealed, vault?: StoredVault): Promise<void>;
}

/** Makes the writer of one session. @param account as it lies at the server. */
export function makeStateWriter(deps: StateWriterDeps, account: StoredAccount): StateWriter {
  const { session, pins, realm } = deps;
  let present = account;

  return {
    async prepare(change) {
      const state = session.accountState();
      const next: AccountState = {
        ...state,
        seq: state.seq + 1,
        prev: markOf(present.accountState).hash,
        vaults: state.vaults.map(change),
        updatedBy: deps.deviceId,
        updatedAt: new Date(deps.now()).toISOString(),
      };
      return sealAccountState(session.accountKeys().stateKey, next);
    },
    async adopt(sealed, vault) {
      const { accountId, akEpoch } = present;
      const { stateKey } = session.accountKeys();
      const state = await openAccountState(stateKey, { realm, accountId, akEpoch }, sealed);
      const vaults = present.vaults.map((known) => (known.id === vault?.id ? vault : known));
      const next = { ...present, accountState: sealed, vaults };
      session.assertUnlocked();
      // Storage before the pin: after a crash between them the pin's state is the one before, which is fine.
      await deps.store(next);
      const known = await pins.read();
      if (known !== undefined) await pins.raise({ account: { ...known, state: markOf(sealed) } });
      session.setAccountState(state);
      present = next;
    },
  };
}
