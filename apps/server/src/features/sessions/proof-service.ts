/** @file Transactions in the name of whoever claims to ask: [Note: Claims]. */
import { claimParameters, LIVE_SESSION, type SessionClaim } from '../../db/live-session.ts';
import type { Db, Tx } from '../../db/schema.ts';
import { statement } from '../../db/statement.ts';
import { transact } from '../../db/transact.ts';
import { ServiceError } from '../../lib/service-error.ts';

const prove = statement(`select prove_claim(${LIVE_SESSION})`, 'unawaited', (cause) =>
  (cause as { readonly code?: unknown }).code === 'ZV401'
    ? new ServiceError('invalid-token', {}, { cause })
    : (cause as Error),
);

/**
 * Runs a transaction that fails unless the claim holds. The proof travels with its first statement: nothing may be
 * told of what the work finds before the transaction has committed.
 *
 * @param claim undefined if who asks was proven before.
 * @throws {ServiceError} `invalid-token`: the session has ended, or the token has expired.
 */
export function transactFor<Outcome>(
  db: Db,
  claim: SessionClaim | undefined,
  work: (tx: Tx) => Promise<Outcome>,
): Promise<Outcome> {
  if (claim === undefined) return transact(db, work);
  return transact(db, async (tx) => {
    await prove(tx, claimParameters(claim));
    return work(tx);
  });
}
