/**
 * @file Carries what was verified into the account state now and then, so that a device without any
 * memory starts from there (docs/protocol.md sections 5 and 6).
 */
import { replaceAccountState, type Sealed } from '@zkvault/contract';
import { IntegrityError, ZkvaultError } from '@zkvault/crypto-core';
import { markOf, sealAccountState } from './account-state.ts';
import type { PinBook } from './pins.ts';
import type { Session } from './session.ts';
import type { SessionCalls } from './session-calls.ts';
import type { VaultSync } from './vault-sync.ts';

/** How many commits a checkpoint may be behind. */
const EVERY_COMMITS = 16;

/** What a checkpoint works with. */
export interface CheckpointDeps {
  readonly session: Session;
  readonly calls: SessionCalls;
  readonly pins: PinBook;
  readonly deviceId: string;
  readonly now: () => number;
  /** Keeps the sealed state for the next unlock. */
  readonly store: (sealed: Sealed) => Promise<void>;
}

/** Advances checkpoints. */
export interface Checkpointer {
  /**
   * Writes a new account state if a vault has moved on far enough. Best effort: a refusal or a lost
   * answer is not an error, but ends the attempts of this session, because its account state may not
   * be the server's any more and only a login gives the present one.
   *
   * @throws {IntegrityError}
   */
  advance(vaults: readonly VaultSync[]): Promise<void>;
}

/** Makes the checkpointer of one session. @param sealed the account state as it lies at the server. */
export function makeCheckpointer(deps: CheckpointDeps, sealed: Sealed): Checkpointer {
  const { session, calls, pins } = deps;
  let present = sealed;
  let isOver = false;

  async function write(vaults: readonly VaultSync[]): Promise<void> {
    const state = session.accountState();
    const marks = new Map(vaults.map((vault) => [vault.id, vault.current()?.mark]));
    const next = {
      ...state,
      seq: state.seq + 1,
      prev: markOf(present).hash,
      vaults: state.vaults.map((vault) => ({
        ...vault,
        checkpoint: marks.get(vault.id) ?? vault.checkpoint,
      })),
      updatedBy: deps.deviceId,
      updatedAt: new Date(deps.now()).toISOString(),
    };
    const accountState = await sealAccountState(session.accountKeys().stateKey, next);
    const answer = await calls.send(replaceAccountState, { body: { accountState } });
    if (answer.seq !== next.seq) return;
    // Storage before the pin: after a crash between them the pin's state is the one before, which is fine.
    await deps.store(accountState);
    const known = await pins.read();
    if (known !== undefined) await pins.raise({ account: { ...known, state: markOf(accountState) } });
    session.setAccountState(next);
    present = accountState;
    isOver = false;
  }

  return {
    async advance(vaults) {
      const state = session.accountState();
      const isDue = vaults.some((vault) => {
        const checkpoint = state.vaults.find(({ id }) => id === vault.id)?.checkpoint;
        return (vault.current()?.mark.seq ?? 0) - (checkpoint?.seq ?? 0) >= EVERY_COMMITS;
      });
      if (!isDue || isOver) return;
      isOver = true;
      try {
        await write(vaults);
      } catch (error) {
        if (error instanceof IntegrityError || !(error instanceof ZkvaultError)) throw error;
      }
    },
  };
}
