/**
 * @file The one write path: seal, swear by a manifest, commit (docs/protocol.md section 6). It never
 * writes over what it has not seen, and never writes anything twice.
 */
import { commitVault } from '@zkvault/contract';
import { equalInConstantTime, ProtocolError } from '@zkvault/crypto-core';
import type { Mark } from './account-state.ts';
import { type PlannedWrite, type SealedCommit, sealCommit } from './commit-sealing.ts';
import { ConflictError, TransportError, type TransportErrorCode } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { Replica } from './replica.ts';
import type { VaultSession } from './session.ts';
import type { VaultCalls } from './session-calls.ts';
import type { VaultSync } from './vault-sync.ts';

const MAX_ATTEMPTS = 3;

/**
 * What to write on top of a verified state. Asked again after every rebase.
 *
 * @throws {ConflictError} what it wishes to change is not what it was.
 */
export type Plan = (base: Replica) => readonly PlannedWrite[];

/** What a commit works with. */
export interface CommitDeps {
  readonly session: VaultSession;
  readonly calls: VaultCalls;
  readonly deviceId: string;
  readonly now: () => number;
}

/**
 * Writes to a vault, all or nothing. After a conflict, or when no answer came, it first verifies what
 * the server has now; if that holds this very commit it is done, otherwise it tries again on top of it.
 *
 * @throws {ConflictError} somebody else changed the same entry, or three tries were not enough.
 * @throws {TransportError} with `maybeApplied`: no answer, and none to the question what happened.
 */
export async function commit(
  deps: CommitDeps,
  vault: VaultSync,
  plan: Plan,
  options: CallOptions,
): Promise<void> {
  const { accountId } = deps.session.account;
  const { deviceId } = deps;
  const sent: Mark[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const base = vault.current();
    if (base === undefined) throw new RangeError('the vault must be verified before a write');
    const at = new Date(deps.now()).toISOString();
    const sealed = await sealCommit(vault.place(), base, plan(base), { accountId, deviceId, at });
    sent.push(sealed.next.mark);
    try {
      const revision = await send(deps, vault.id, sealed, options);
      await vault.adopt({ ...sealed.next, revision }, { ...sealed.part, revision });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) && !isAmbiguous(error)) throw error;
      // Either answer may stand for a commit that was taken: the verified history decides.
      const { chain } = await vault.pull(options).catch((failure: unknown) => {
        throw failure instanceof TransportError ? unanswered(error, failure) : failure;
      });
      if (chain.some((mark) => sent.some((own) => isSame(mark, own)))) return;
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function send(
  deps: CommitDeps,
  vaultId: string,
  { operations, next, part }: SealedCommit,
  options: CallOptions,
): Promise<number> {
  const { seq } = next.mark;
  const answer = await deps.calls.send(
    commitVault,
    {
      params: { vaultId },
      body: { baseSeq: seq - 1, operations: [...operations], manifest: part.head },
      // Of this commit alone: after a rebase it is another request.
      idempotencyKey: crypto.randomUUID(),
    },
    { ...options, idempotent: true },
  );
  if (answer.seq !== seq) throw new ProtocolError('response-malformed', 'the answer is to another commit');
  return answer.revision;
}

/** A conflict too may be that of a commit which was taken, and whose answer was lost, with its own repetition. */
function unanswered(error: unknown, failure: TransportError): unknown {
  if (isAmbiguous(error)) return error;
  return new TransportError(failure.code as TransportErrorCode, failure.message, {
    cause: failure,
    maybeApplied: true,
    retryAfterSeconds: failure.retryAfterSeconds,
  });
}

function isAmbiguous(error: unknown): boolean {
  return error instanceof TransportError && error.maybeApplied;
}

function isSame(left: Mark, right: Mark): boolean {
  return left.seq === right.seq && equalInConstantTime(left.hash, right.hash);
}
