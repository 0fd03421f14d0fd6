/** @file SQL of the account state, which is kept in the row of its account. */
import type { Tx, UserRow } from '../../db/schema.ts';

/** An account state as it is written. */
export interface AccountState {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
  readonly seq: number;
}

/**
 * Locks the account's row until the transaction ends.
 *
 * @returns the seq of its account state; null if it has none, or if the account is gone.
 */
export async function lockAccountStateSeq(tx: Tx, userId: string): Promise<UserRow['state_seq']> {
  const row = await tx
    .selectFrom('users')
    .select('state_seq')
    .where('id', '=', userId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row?.state_seq ?? null;
}

/** Replaces the account state of an account that this transaction has locked. */
export async function replaceAccountStateRow(tx: Tx, userId: string, state: AccountState): Promise<void> {
  await tx
    .updateTable('users')
    .set({
      state_ciphertext: state.ciphertext,
      state_iv: state.iv,
      state_tag: state.tag,
      state_seq: state.seq,
    })
    .where('id', '=', userId)
    .execute();
}
