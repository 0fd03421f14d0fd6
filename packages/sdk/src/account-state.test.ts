import {
  deriveAccountKeys,
  IntegrityError,
  makeAccountKey,
  ProtocolError,
  seal,
  ZkvaultError,
} from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { type AccountState, openAccountState, sealAccountState } from './account-state.ts';
import { encodeDocument } from './sealed-json.ts';

const ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const OTHER_ID = '6c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const HASH = 'A'.repeat(43);
const { stateKey } = deriveAccountKeys(makeAccountKey());
const place = { realm: 'vault.example', accountId: ID, akEpoch: 1 };
const state: AccountState = {
  accountId: ID,
  login: 'ada@example.com',
  realm: 'vault.example',
  kdfProfile: 1,
  skFlag: 1,
  akEpoch: 1,
  seq: 4,
  prev: new Uint8Array(32),
  vaults: [
    {
      id: ID,
      vkEpoch: 1,
      role: 'owner',
      integrity: 'manifest',
      createdHash: new Uint8Array(32),
      checkpoint: { seq: 9, hash: new Uint8Array(32) },
    },
  ],
  contacts: [{ added: 'by a later version' }],
  recoveryId: null,
  formerPinsKeys: [],
  updatedBy: OTHER_ID,
  updatedAt: '2026-11-22T12:00:00.000Z',
};
const vaultJson = { ...state.vaults[0], createdHash: HASH, checkpoint: { seq: 9, hash: HASH } };
const { recoveryId: _none, formerPinsKeys: _neither, ...first } = state;
const stateJson = { v: 1, ...first, prev: HASH, vaults: [vaultJson] };
const secondJson = {
  ...stateJson,
  v: 2,
  recoveryId: OTHER_ID,
  formerPinsKeys: [{ akEpoch: 1, key: HASH }],
};

async function openJson(document: object): Promise<AccountState> {
  const envelope = await seal(stateKey, { object: 'acctstate', ...place, seq: 4 }, encodeDocument(document));
  return openAccountState(stateKey, place, { ...envelope, seq: 4 });
}

describe('an account state', () => {
  it('is opened as it was sealed, what a later version wrote included', async () => {
    const sealed = await sealAccountState(stateKey, state);

    expect(sealed.seq).toBe(4);
    expect(await openAccountState(stateKey, place, sealed)).toEqual(state);
    expect(await openJson(stateJson)).toEqual(state);
  });

  it('of an account with a recovery key or a rotation is of a second form, and one of neither never is', async () => {
    const second: AccountState = {
      ...state,
      recoveryId: OTHER_ID,
      formerPinsKeys: [{ akEpoch: 1, key: new Uint8Array(32) }],
    };

    expect(await openJson(secondJson)).toEqual(second);
    expect(await openAccountState(stateKey, place, await sealAccountState(stateKey, second))).toEqual(second);
    for (const change of [
      { recoveryId: null, formerPinsKeys: [] },
      { recoveryId: 'no id' },
      { formerPinsKeys: null },
      { formerPinsKeys: [{ akEpoch: 0, key: HASH }] },
      { formerPinsKeys: [{ akEpoch: 1, key: 'AAAA' }] },
      { v: 1 },
      { v: 3 },
    ])
      await expect(openJson({ ...secondJson, ...change })).rejects.toThrow(ProtocolError);
  });

  it.for([
    ['realm', { ...place, realm: 'other.example' }, 4],
    ['account', { ...place, accountId: OTHER_ID }, 4],
    ['epoch', { ...place, akEpoch: 2 }, 4],
    ['number', place, 5],
  ] as const)('of another %s is refused', async ([, elsewhere, seq]) => {
    const sealed = await sealAccountState(stateKey, state);

    await expect(openAccountState(stateKey, elsewhere, { ...sealed, seq })).rejects.toThrow(IntegrityError);
  });

  it.for([
    ['account', { accountId: OTHER_ID }],
    ['realm', { realm: 'other.example' }],
    ['epoch', { akEpoch: 2 }],
    ['number', { seq: 5 }],
  ] as const)('that speaks of another %s than its place is refused', async ([, change]) => {
    await expect(openJson({ ...stateJson, ...change })).rejects.toMatchObject({
      code: 'account-state-contradiction',
    });
  });

  const names = Object.keys(stateJson);
  it.for(names)('without %s, or with null in its place, is malformed', async (name) => {
    const { [name as 'v']: _, ...rest } = stateJson;

    await expect(openJson(rest)).rejects.toThrow(ProtocolError);
    await expect(openJson({ ...stateJson, [name]: null })).rejects.toThrow(ZkvaultError);
  });

  it.for([
    ['a field nobody knows', { more: 1 }],
    ['another version', { v: 2 }],
    ['a flag that is no integer', { skFlag: true }],
    ['a vault twice', { vaults: [vaultJson, vaultJson] }],
    ['a vault with a field nobody knows', { vaults: [{ ...vaultJson, more: 1 }] }],
    ['a vault without checkpoint', { vaults: [{ ...vaultJson, checkpoint: null }] }],
    ['a role nobody knows', { vaults: [{ ...vaultJson, role: 'reader' }] }],
    ['an upper-case id', { updatedBy: OTHER_ID.toUpperCase() }],
  ] as const)('with %s is malformed', async ([, change]) => {
    await expect(openJson({ ...stateJson, ...change })).rejects.toThrow(ProtocolError);
  });

  it('has at most 16 KiB', async () => {
    const large = { ...state, contacts: ['x'.repeat(16_384)] };

    await expect(sealAccountState(stateKey, large)).rejects.toThrow(RangeError);
    await expect(openJson({ ...stateJson, contacts: large.contacts })).rejects.toThrow(ProtocolError);
  });
});
