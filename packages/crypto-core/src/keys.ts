/** @file The kinds of keys. All are 32 bytes; the types keep one from being used as another. */
import type { PlaceKind } from './place.ts';
import { randomBytes } from './primitives/random.ts';

/** Length of every key. */
export const KEY_BYTES = 32;

declare const keyKind: unique symbol;

/** 32 bytes of one kind. The kind exists in the types only and is invariant, so no key widens to another. */
type Key<Kind> = Uint8Array & { readonly [keyKind]: (kind: Kind) => Kind };

/** Seals and opens envelopes of one kind of object. */
export type SealingKey<Kind extends PlaceKind> = Key<Kind>;
/** AK: random, the root of everything an account owns. */
export type AccountKey = Key<'account'>;
/** VK: random, the root of everything in one vault. */
export type VaultKey = Key<'vault'>;
/** Held by a user's devices and mixed into the password. */
export type SecretKey = Key<'secret'>;
/** Printed once; opens the account without the password. */
export type RecoveryKey = Key<'recovery'>;
/** The half of an API key that its holder keeps: opens the vaults the API key is for. */
export type ApiKeySecret = Key<'api-key'>;
/** Authenticates the pins in the client's own storage. */
export type PinsKey = Key<'pins'>;

/**
 * Takes 32 bytes for a key of the wanted kind, without copying them.
 *
 * @throws {RangeError} another length.
 */
export function keyFromBytes<Kind>(bytes: Uint8Array): Key<Kind> {
  if (bytes.length !== KEY_BYTES)
    throw new RangeError(`a key must be ${KEY_BYTES} bytes, got ${bytes.length}`);
  return bytes as Key<Kind>;
}

/** Makes a random account key. */
export function makeAccountKey(): AccountKey {
  return keyFromBytes(randomBytes(KEY_BYTES));
}

/** Makes a random vault key. */
export function makeVaultKey(): VaultKey {
  return keyFromBytes(randomBytes(KEY_BYTES));
}

/** Makes a random Secret Key. */
export function makeSecretKey(): SecretKey {
  return keyFromBytes(randomBytes(KEY_BYTES));
}

/** Makes a random recovery key. */
export function makeRecoveryKey(): RecoveryKey {
  return keyFromBytes(randomBytes(KEY_BYTES));
}

/** Makes the secret half of an API key. */
export function makeApiKeySecret(): ApiKeySecret {
  return keyFromBytes(randomBytes(KEY_BYTES));
}

/** Takes 32 bytes for an account key. @throws {RangeError} another length. */
export function accountKeyFromBytes(bytes: Uint8Array): AccountKey {
  return keyFromBytes(bytes);
}

/** Takes 32 bytes for a vault key. @throws {RangeError} another length. */
export function vaultKeyFromBytes(bytes: Uint8Array): VaultKey {
  return keyFromBytes(bytes);
}

/** Takes 32 bytes for a Secret Key. @throws {RangeError} another length. */
export function secretKeyFromBytes(bytes: Uint8Array): SecretKey {
  return keyFromBytes(bytes);
}

/** Takes 32 bytes for a key of pins. @throws {RangeError} another length. */
export function pinsKeyFromBytes(bytes: Uint8Array): PinsKey {
  return keyFromBytes(bytes);
}

/** Takes 32 bytes for the manifest key of a vault. @throws {RangeError} another length. */
export function manifestKeyFromBytes(bytes: Uint8Array): SealingKey<'manifest'> {
  return keyFromBytes(bytes);
}
