/**
 * @file The account state: a sealed document that moves forward one seq at a time.
 * It is written for a token and given only to a login; nothing here returns it.
 */
import type { Sealed } from '@zkvault/contract';
import type { Tx } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import { lockAccountStateSeq, replaceAccountStateRow } from './account-state-store.ts';

/**
 * Replaces the account state within a change that it describes, and locks the account until the
 * transaction ends, so that two such changes follow each other.
 *
 * @param next needed exactly if the account has an account state.
 * @throws {ServiceError} `request-invalid` if `next` is missing or there is nothing it could follow;
 *   `conflict` with the present seq if `next` is not the one after it.
 */
export async function advanceAccountState(tx: Tx, userId: string, next: Sealed | undefined): Promise<void> {
  const seq = await lockAccountStateSeq(tx, userId);
  if (seq === null) {
    if (next !== undefined) throw requestFault('/body/accountState', 'unexpected');
    return;
  }
  if (next === undefined) throw requestFault('/body/accountState', 'required');
  if (next.seq !== seq + 1) throw new ServiceError('conflict', { seq });
  await replaceAccountStateRow(tx, userId, next);
}
