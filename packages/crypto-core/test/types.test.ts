import { describe, expect, it } from 'vitest';
import {
  deriveAccountKeys,
  deriveVaultKeys,
  type Envelope,
  encodeSecretKey,
  makeAccountKey,
  makeRecoveryKey,
  makeVaultKey,
  open,
  type PasswordInput,
  type PlaceOf,
  type SealingKey,
  seal,
  wrapVaultKey,
} from '../src/index.ts';
import { accountKeys, entryPlace, idA, vaultKeys } from './fixtures.ts';

const bytes = new Uint8Array(32);
const manifestPlace: PlaceOf<'manifest'> = {
  object: 'manifest',
  realm: 'r',
  vaultId: idA,
  vkEpoch: 1,
  seq: 0,
};

/** Never run: what must not compile. */
export async function refusedByTheCompiler(envelope: Envelope): Promise<void> {
  // @ts-expect-error seal takes no nonce, salt or key id
  await seal(vaultKeys.entryKey, entryPlace, bytes, { salt: bytes, iv: bytes });
  // @ts-expect-error open takes nothing beyond key, place and envelope
  await open(vaultKeys.entryKey, entryPlace, envelope, bytes);
  // @ts-expect-error plain bytes are no key
  await seal(bytes, entryPlace, bytes);
  // @ts-expect-error a manifest key seals no entry
  await seal(vaultKeys.manifestKey, entryPlace, bytes);
  // @ts-expect-error an entry key opens no manifest
  await open(vaultKeys.entryKey, manifestPlace, envelope);
  // @ts-expect-error an account's key opens no entry
  await open(accountKeys.stateKey, entryPlace, envelope);
  // @ts-expect-error a key of one kind does not widen to a key of any
  const wide: SealingKey<'entry' | 'manifest'> = vaultKeys.entryKey;
  // @ts-expect-error a pins key seals nothing
  await seal(accountKeys.pinsKey, manifestPlace, bytes);
  // @ts-expect-error a place without its version
  const vague: PlaceOf<'entry'> = {
    object: 'entry',
    realm: 'r',
    vaultId: idA,
    vkEpoch: 1,
    entryId: idA,
    schema: 1,
  };
  // @ts-expect-error a field of another kind of place
  const odd: PlaceOf<'manifest'> = { ...manifestPlace, entryId: idA };
  // @ts-expect-error a vault key is no account key
  deriveAccountKeys(makeVaultKey());
  // @ts-expect-error an account key is no vault key
  deriveVaultKeys(makeAccountKey());
  // @ts-expect-error what wraps vault keys wraps no account key
  await wrapVaultKey(accountKeys.vaultWrappingKey, { object: 'vaultkey' }, makeAccountKey());
  // @ts-expect-error a recovery key is not printed as a Secret Key
  encodeSecretKey(makeRecoveryKey());
  // @ts-expect-error a profile comes with no parameters
  const input: Partial<PasswordInput> = { profile: 1, iterations: 1 };
  // @ts-expect-error there is no profile 4
  const profile: PasswordInput['profile'] = 4;
  await Promise.resolve([wide, vague, odd, input, profile]);
}

describe('the types', () => {
  it('refuse a nonce for seal, and keys and places of another kind', () => {
    // The directives above are checked by the compiler: each that finds no error is an error itself.
    expect(seal).toHaveLength(3);
    expect(open).toHaveLength(3);
    expect(refusedByTheCompiler).toBeTypeOf('function');
  });
});
