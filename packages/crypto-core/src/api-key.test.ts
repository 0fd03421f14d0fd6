import { describe, expect, it } from 'vitest';
import { doesNotAuthenticate, idA, idB, refusal } from '../test/fixtures.ts';
import recorded from '../vectors/api-key.json' with { type: 'json' };
import { apiKeyCredential, apiKeyDigest, decodeApiKey, encodeApiKey, makeApiKey } from './api-key.ts';
import { bytesToHex, hexToBytes, utf8 } from './bytes.ts';
import { open } from './envelope.ts';
import { deriveApiKeyKeys } from './key-schedule.ts';
import { unwrapVaultKey, wrapVaultKey } from './key-wrap.ts';
import { makeVaultKey, vaultKeyFromBytes } from './keys.ts';
import { sealWith } from './sealing.ts';

const { cases } = recorded;
const invalid = refusal('ProtocolError', 'api-key-invalid');

describe.for(cases)('the known answer of $id', (known) => {
  const place = {
    object: 'wrap/apikey',
    realm: known.realm,
    accountId: known.accountId,
    vaultId: known.vaultId,
    keyId: known.id,
    vkEpoch: known.vkEpoch,
  } as const;
  const grantPlace = {
    object: 'apikey-grant',
    realm: known.realm,
    accountId: known.accountId,
    keyId: known.id,
  } as const;

  it('is what text, credential and digest are', () => {
    const apiKey = decodeApiKey(known.token);

    expect(apiKey.id).toBe(known.id);
    expect(bytesToHex(apiKey.authHalf)).toBe(known.authHalf);
    expect(bytesToHex(apiKey.keyHalf)).toBe(known.keyHalf);
    expect(encodeApiKey(apiKey)).toBe(known.token);
    expect(apiKeyCredential(apiKey)).toBe(known.credential);
    expect(bytesToHex(apiKeyDigest(known.credential))).toBe(known.digest);
  });

  it('is what keys and envelopes are', async () => {
    const { wrappingKey, grantKey, pinsKey } = deriveApiKeyKeys(decodeApiKey(known.token).keyHalf);
    const freshness = { salt: hexToBytes(known.wrap.salt), iv: hexToBytes(known.wrap.ivHex) };
    const vaultKey = vaultKeyFromBytes(hexToBytes(known.vaultKey));

    expect([wrappingKey, grantKey, pinsKey].map(bytesToHex)).toEqual([
      known.wrappingKey,
      known.grantKey,
      known.pinsKey,
    ]);
    expect(await sealWith(wrappingKey, place, vaultKey, freshness)).toEqual(known.wrap.envelope);
    expect(await unwrapVaultKey(wrappingKey, place, known.wrap.envelope)).toEqual(vaultKey);
    expect(await open(grantKey, grantPlace, known.grant.envelope)).toEqual(utf8(known.grantText));
  });
});

describe('an API key', () => {
  it('has two random halves, of which the credential holds one', () => {
    const apiKey = makeApiKey(idA);
    const other = makeApiKey(idA);

    expect(apiKey.authHalf).not.toEqual(apiKey.keyHalf);
    expect([apiKey.authHalf, apiKey.keyHalf]).not.toEqual([other.authHalf, other.keyHalf]);
    expect(encodeApiKey(apiKey)).toHaveLength(128);
    expect(apiKeyCredential(apiKey)).toHaveLength(84);
    expect(encodeApiKey(apiKey).startsWith(`${apiKeyCredential(apiKey)}_`)).toBe(true);
    expect(decodeApiKey(encodeApiKey(apiKey))).toEqual(apiKey);
  });

  const whole = cases[0]!.token;

  it.for([
    ['nothing', ''],
    ['the credential alone', cases[0]!.credential],
    ['a character less', whole.slice(0, -1)],
    ['a character more', `${whole}A`],
    ['a line break', `${whole}\n`],
    ['another prefix', `zkw${whole.slice(3)}`],
    ['an id in upper case', whole.replace(cases[0]!.id, cases[0]!.id.toUpperCase())],
    ['the nil id', whole.replace(cases[0]!.id, '00000000-0000-0000-0000-000000000000')],
    ['a character of another alphabet', `${whole.slice(0, -5)}+AAAA`],
    ['spare bits in its key half', `${whole.slice(0, -1)}B`],
    ['spare bits in its auth half', `${whole.slice(0, 83)}B${whole.slice(84)}`],
  ] as const)('is not taken from %s', ([, text]) => {
    expect(() => decodeApiKey(text)).toThrow(invalid);
  });

  it('is never repeated by the refusal of one', () => {
    expect(() => decodeApiKey(`${whole}A`)).toThrow(/^the text is not a whole API key$/);
  });

  it('opens no vault key that was wrapped for another key, another vault or another epoch', async () => {
    const { wrappingKey } = deriveApiKeyKeys(makeApiKey(idA).keyHalf);
    const place = {
      object: 'wrap/apikey',
      realm: 'vault.example',
      accountId: idA,
      vaultId: idA,
      keyId: idA,
      vkEpoch: 1,
    } as const;
    const wrap = await wrapVaultKey(wrappingKey, place, makeVaultKey());
    const other = deriveApiKeyKeys(makeApiKey(idA).keyHalf).wrappingKey;

    await expect(unwrapVaultKey(other, place, wrap)).rejects.toThrow(doesNotAuthenticate);
    for (const change of [{ vaultId: idB }, { keyId: idB }, { accountId: idB }, { vkEpoch: 2 }])
      await expect(unwrapVaultKey(wrappingKey, { ...place, ...change }, wrap)).rejects.toThrow(
        doesNotAuthenticate,
      );
  });
});
