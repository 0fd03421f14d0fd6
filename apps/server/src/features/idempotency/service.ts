/**
 * @file Writes that are done once, however often they are sent (docs/adr/0023-idempotency-keys.md).
 * The key, what was done and its answer are committed together: a crash cannot part them.
 */
import { IDEMPOTENCY_KEY } from '@zkvault/contract';
import { isLockTimeout } from '../../db/database-errors.ts';
import type { SessionClaim } from '../../db/live-session.ts';
import type { Db, Tx } from '../../db/schema.ts';
import { authenticate, type KeyRing } from '../../lib/key-ring.ts';
import { makeSealerAtRest } from '../../lib/sealed-at-rest.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { transactFor } from '../sessions/proof-service.ts';
import { claimKey, findKey, type KeyRef, keepAnswer, removeOldKeys } from './store.ts';

/** One request that writes. */
export interface Write {
  readonly userId: string;
  /** Proven in the transaction; undefined if it was before. */
  readonly claim?: SessionClaim | undefined;
  /** The operation of the contract. Each has keys of its own. */
  readonly operation: string;
  /** Undefined if the caller did not ask for it to be done once. Untrusted. */
  readonly key: string | undefined;
  /** What tells this request from another: its path, and a digest of its body. */
  readonly content: readonly (string | Uint8Array)[];
}

/** What became of a write. */
export interface Written<Answer> {
  readonly answer: Answer;
  /** True if it had been done before, and nothing was done now. */
  readonly isRepeated: boolean;
}

/** Does writes once. */
export interface Idempotency {
  /**
   * Does a write in a transaction, unless a request with its key was carried out before.
   *
   * @param work gives an answer that is JSON, of at most 96 KiB. What it throws undoes everything, and the key
   *   is free again.
   * @throws {ServiceError} `idempotency-key-reused`: the key belongs to another request;
   *   `idempotency-in-progress`: the same request is being carried out, for longer than a lock is waited for;
   *   `invalid-token` if the claim does not hold.
   */
  once<Answer>(write: Write, work: (tx: Tx) => Promise<Answer>): Promise<Written<Answer>>;
}

const RETRY_AFTER_SECONDS = 1;

/** Makes the keeper of keys. What is kept of an answer is sealed: it may hold a secret. */
export function makeIdempotency(db: Db, keyRing: KeyRing): Idempotency {
  const sealer = makeSealerAtRest(keyRing, 'idempotency');
  const mac = keyRing.oldest('idempotency');

  async function repeat<Answer>(tx: Tx, ref: KeyRef, fingerprint: Uint8Array): Promise<Written<Answer>> {
    const kept = await findKey(tx, ref);
    // It was there and is gone: housekeeping has come in between.
    if (kept?.sealed_answer == null) throw inProgress();
    if (!Buffer.from(fingerprint).equals(kept.fingerprint)) throw new ServiceError('idempotency-key-reused');
    const sealed = { keyId: kept.key_id, sealed: kept.sealed_answer };
    const text = Buffer.from(sealer.open(ownerOf(ref), sealed)).toString('utf8');
    return { answer: JSON.parse(text) as Answer, isRepeated: true };
  }

  return {
    async once({ userId, claim, operation, key, content }, work) {
      if (key === undefined) return { answer: await transactFor(db, claim, work), isRepeated: false };
      const ref = { userId, operation, keyHash: authenticate(mac, 'key', key) };
      const fingerprint = authenticate(mac, 'fingerprint', ...content);
      const first = { fingerprint, keyId: mac.id, ttlHours: IDEMPOTENCY_KEY.hours };
      return transactFor(db, claim, async (tx) => {
        const isFirst = await claimKey(tx, ref, first).catch((error: unknown) => {
          throw isLockTimeout(error) ? inProgress(error) : error;
        });
        if (!isFirst) return repeat(tx, ref, fingerprint);
        const answer = await work(tx);
        await keepAnswer(tx, ref, sealer.seal(ownerOf(ref), Buffer.from(JSON.stringify(answer), 'utf8')));
        return { answer, isRepeated: false };
      });
    },
  };
}

function inProgress(cause?: unknown): ServiceError {
  return new ServiceError('idempotency-in-progress', { retryAfterSeconds: RETRY_AFTER_SECONDS }, { cause });
}

/** An answer that is moved to another account, operation or key does not open. */
function ownerOf({ userId, operation, keyHash }: KeyRef): string {
  return `${userId} ${operation} ${Buffer.from(keyHash).toString('base64url')}`;
}

/** Removes keys that are remembered no longer. @returns how many. */
export function removeExpiredKeys({ db }: { readonly db: Db }): Promise<number> {
  return removeOldKeys(db, IDEMPOTENCY_KEY.hours);
}
