import { describe, expect, it } from 'vitest';
import { accountKeys, doesNotAuthenticate, idA, idB, refusal } from '../test/fixtures.ts';
import { seal } from './envelope.ts';
import { deriveRecoveryKeys } from './key-schedule.ts';
import { unwrapAccountKey, unwrapVaultKey, wrapAccountKey, wrapVaultKey } from './key-wrap.ts';
import { makeAccountKey, makeRecoveryKey, makeVaultKey } from './keys.ts';
import type { PlaceOf } from './place.ts';

const vaultPlace: PlaceOf<'vaultkey'> = {
  object: 'vaultkey',
  realm: 'vault.example',
  accountId: idA,
  vaultId: idB,
  vkEpoch: 1,
  role: 'owner',
};
const recoveryPlace: PlaceOf<'wrap/recovery'> = {
  object: 'wrap/recovery',
  realm: 'vault.example',
  accountId: idA,
  recoveryId: idB,
  akEpoch: 1,
};

describe('a wrapped key', () => {
  it('comes out as it went in', async () => {
    const accountKey = makeAccountKey();
    const vaultKey = makeVaultKey();
    const { wrappingKey } = deriveRecoveryKeys(makeRecoveryKey());

    const accountWrap = await wrapAccountKey(wrappingKey, recoveryPlace, accountKey);
    const vaultWrap = await wrapVaultKey(accountKeys.vaultWrappingKey, vaultPlace, vaultKey);

    expect(await unwrapAccountKey(wrappingKey, recoveryPlace, accountWrap)).toEqual(accountKey);
    expect(await unwrapVaultKey(accountKeys.vaultWrappingKey, vaultPlace, vaultWrap)).toEqual(vaultKey);
  });

  it('comes out in memory of its own, so that wiping it wipes it', async () => {
    const wrap = await wrapVaultKey(accountKeys.vaultWrappingKey, vaultPlace, makeVaultKey());

    const vaultKey = await unwrapVaultKey(accountKeys.vaultWrappingKey, vaultPlace, wrap);

    expect(vaultKey.buffer.byteLength).toBe(32);
  });

  it('does not come out under another key or for another epoch', async () => {
    const { wrappingKey } = deriveRecoveryKeys(makeRecoveryKey());
    const other = deriveRecoveryKeys(makeRecoveryKey()).wrappingKey;
    const wrap = await wrapAccountKey(wrappingKey, recoveryPlace, makeAccountKey());

    await expect(unwrapAccountKey(other, recoveryPlace, wrap)).rejects.toThrow(doesNotAuthenticate);
    await expect(unwrapAccountKey(wrappingKey, { ...recoveryPlace, akEpoch: 2 }, wrap)).rejects.toThrow(
      doesNotAuthenticate,
    );
  });

  it.for([0, 31, 33])('is refused with %d bytes inside', async (length) => {
    const wrap = await seal(accountKeys.vaultWrappingKey, vaultPlace, new Uint8Array(length));

    await expect(unwrapVaultKey(accountKeys.vaultWrappingKey, vaultPlace, wrap)).rejects.toThrow(
      refusal('ProtocolError', 'key-invalid'),
    );
  });
});
