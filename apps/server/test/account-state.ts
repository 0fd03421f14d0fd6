/** @file Accounts with key material, for tests that do not go through a registration. */
import type { Db } from '../src/db/schema.ts';
import { anEnvelope } from './vault-values.ts';

/** Gives an account a wrap and an account state of seq 0. */
export async function giveAccountState(db: Db, userId: string): Promise<void> {
  const [wrap, state] = [anEnvelope(), anEnvelope()];
  await db
    .updateTable('users')
    .set({
      ak_epoch: 1,
      wrap_ciphertext: wrap.ciphertext,
      wrap_iv: wrap.iv,
      wrap_tag: wrap.tag,
      state_ciphertext: state.ciphertext,
      state_iv: state.iv,
      state_tag: state.tag,
      state_seq: 0,
    })
    .where('id', '=', userId)
    .execute();
}
