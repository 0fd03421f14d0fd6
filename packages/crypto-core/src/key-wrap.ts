/** @file Keys in envelopes: the account key under a password or recovery key, a vault key under the account key or an API key. */
import { wipe } from './bytes.ts';
import { open, seal } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { type AccountKey, KEY_BYTES, keyFromBytes, type SealingKey, type VaultKey } from './keys.ts';
import type { PlaceOf } from './place.ts';
import type { Envelope } from './sealing.ts';

/** The kinds of wraps that hold an account key. */
export type AccountKeyWrap = 'wrap/password' | 'wrap/recovery' | 'wrap/passkey';

/** Wraps an account key. See {@link seal} for what it throws. */
export function wrapAccountKey<Kind extends AccountKeyWrap>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  accountKey: AccountKey,
): Promise<Envelope> {
  return seal(key, place, accountKey);
}

/**
 * Unwraps an account key.
 *
 * @param envelope untrusted.
 * @throws {ProtocolError} not an envelope, or `key-invalid`: not a key inside.
 * @throws {IntegrityError} wrong password or Secret Key, wrong place or altered bytes, which are not told apart.
 */
export async function unwrapAccountKey<Kind extends AccountKeyWrap>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  envelope: Envelope,
): Promise<AccountKey> {
  return keyFromBytes(ownKeyBytes(await open(key, place, envelope)));
}

/** The kinds of wraps that hold a vault key. */
export type VaultKeyWrap = 'vaultkey' | 'wrap/apikey';

/** Wraps a vault key under an account key or an API key. See {@link seal} for what it throws. */
export function wrapVaultKey<Kind extends VaultKeyWrap>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  vaultKey: VaultKey,
): Promise<Envelope> {
  return seal(key, place, vaultKey);
}

/**
 * Unwraps a vault key.
 *
 * @param envelope untrusted.
 * @throws {ProtocolError} not an envelope, or `key-invalid`: not a key inside.
 * @throws {IntegrityError} wrong key, wrong place or altered bytes, which are not told apart.
 */
export async function unwrapVaultKey<Kind extends VaultKeyWrap>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  envelope: Envelope,
): Promise<VaultKey> {
  return keyFromBytes(ownKeyBytes(await open(key, place, envelope)));
}

/** Copies a key out of the padded buffer it was opened into, which is wiped. */
function ownKeyBytes(opened: Uint8Array): Uint8Array {
  const bytes = opened.slice();
  wipe(opened);
  if (bytes.length !== KEY_BYTES)
    throw new ProtocolError('key-invalid', `a wrapped key must be ${KEY_BYTES} bytes, got ${bytes.length}`);
  return bytes;
}
