/**
 * @file Carries what was verified into the account state now and then, so that a device without any
 * memory starts from there (docs/protocol.md sections 5 and 6).
 */
import { replaceAccountState } from '@zkvault/contract';
import { IntegrityError, ZkvaultError } from '@zkvault/crypto-core';
import type { Session } from './session.ts';
import type { SessionCalls } from './session-calls.ts';
import type { StateWriter } from './state-writer.ts';
import type { VaultSync } from './vault-sync.ts';

/** How many commits a checkpoint may be behind. */
const EVERY_COMMITS = 16;

/** What a checkpoint works with. */
export interface CheckpointDeps {
  readonly session: Session;
  readonly calls: SessionCalls;
  readonly states: StateWriter;
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

/** Makes the checkpointer of one session. */
export function makeCheckpointer({ session, calls, states }: CheckpointDeps): Checkpointer {
  let isOver = false;

  async function write(vaults: readonly VaultSync[]): Promise<void> {
    const marks = new Map(vaults.map((vault) => [vault.id, vault.current()?.mark]));
    const accountState = await states.prepare((vault) => ({
      ...vault,
      checkpoint: marks.get(vault.id) ?? vault.checkpoint,
    }));
    const answer = await calls.send(replaceAccountState, { body: { accountState } });
    if (answer.seq !== accountState.seq) return;
    await states.adopt(accountState);
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
