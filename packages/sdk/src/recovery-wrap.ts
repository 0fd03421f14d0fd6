/** @file The account key under a recovery key: made here, opened here (docs/protocol.md section 9). */
import type { NewRecovery } from '@zkvault/contract';
import {
  type AccountKey,
  deriveRecoveryKeys,
  encodeBase64Url,
  type RecoveryKey,
  wipe,
  wrapAccountKey,
} from '@zkvault/crypto-core';

/** Makes what the server is to have of a recovery key: a new name, a proof, and the account key under it. */
export async function newRecovery(
  recoveryKey: RecoveryKey,
  of: { readonly realm: string; readonly accountId: string; readonly akEpoch: number },
  accountKey: AccountKey,
): Promise<NewRecovery> {
  const id = crypto.randomUUID();
  const keys = deriveRecoveryKeys(recoveryKey);
  const place = { object: 'wrap/recovery', recoveryId: id, ...of } as const;
  try {
    const wrap = await wrapAccountKey(keys.wrappingKey, place, accountKey);
    return { id, authKey: encodeBase64Url(keys.authKey), wrap };
  } finally {
    wipe(keys.authKey, keys.wrappingKey);
  }
}
