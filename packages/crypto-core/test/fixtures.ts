/** @file Matchers for refusals, and values that many tests need. */
import { expect } from 'vitest';
import type { CoreErrorCode } from '../src/errors.ts';
import { type AccountKeys, deriveAccountKeys, deriveVaultKeys, type VaultKeys } from '../src/key-schedule.ts';
import { accountKeyFromBytes, vaultKeyFromBytes } from '../src/keys.ts';
import type { PlaceOf } from '../src/place.ts';

/** Matches an error of a class with a code. */
export function refusal(
  name: 'ProtocolError' | 'IntegrityError' | 'KdfPolicyError',
  code: CoreErrorCode,
): Error {
  return expect.objectContaining({ name, code }) as Error;
}

/** What every kind of wrong key, wrong place and altered byte gives. */
export const doesNotAuthenticate: Error = refusal('IntegrityError', 'integrity-failed');

/** Ids that differ in one digit. */
export const idA = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
/** See {@link idA}. */
export const idB = '5c6973e6-78bb-4a88-b8b4-20178c6a57f8';

/** A place of an entry. */
export const entryPlace: PlaceOf<'entry'> = {
  object: 'entry',
  realm: 'vault.example',
  vaultId: idA,
  vkEpoch: 1,
  entryId: idB,
  version: 1,
  schema: 1,
};

/** Keys of a fixed vault key. */
export const vaultKeys: VaultKeys = deriveVaultKeys(vaultKeyFromBytes(new Uint8Array(32).fill(7)));

/** Keys of a fixed account key. */
export const accountKeys: AccountKeys = deriveAccountKeys(accountKeyFromBytes(new Uint8Array(32).fill(8)));
