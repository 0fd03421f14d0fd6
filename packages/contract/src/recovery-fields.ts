/** @file What a client sends of a recovery key: a name for it, a proof of it, and the account key under it. */
import { type Static, Type } from '@sinclair/typebox';
import { AuthKey, Uuid, Wrap } from './scalars.ts';

/**
 * A new recovery key, as the server may know it (docs/protocol.md section 9). `id` is new with every key;
 * `authKey` is derived from the key and proves it; `wrap` is the account key under it.
 */
export const NewRecovery = Type.Object(
  { id: Uuid, authKey: AuthKey, wrap: Wrap },
  { additionalProperties: false, title: 'NewRecovery' },
);
export type NewRecovery = Static<typeof NewRecovery>;
