import { describe, expect, it } from 'vitest';
import { entryPlace, idA, refusal } from '../test/fixtures.ts';
import { bytesToHex } from './bytes.ts';
import { encodeFields, uuidToBytes } from './encoding.ts';
import { encodePlace, type PlaceOf } from './place.ts';

const wrapPlace: PlaceOf<'wrap/password'> = {
  object: 'wrap/password',
  realm: 'vault.example',
  accountId: idA,
  login: 'ada@example.com',
  profile: 1,
  skFlag: 1,
  salt: new Uint8Array(16),
  akEpoch: 1,
};

describe('a place', () => {
  it('is its object and its fields in the order of the protocol', () => {
    const { realm, vaultId, vkEpoch, entryId, version, schema } = entryPlace;

    expect(bytesToHex(encodePlace(entryPlace))).toBe(
      bytesToHex(
        encodeFields('entry', realm, uuidToBytes(vaultId), vkEpoch, uuidToBytes(entryId), version, schema),
      ),
    );
  });

  it('is the same however its fields are written down, and whatever else is beside them', () => {
    const { object, ...fields } = wrapPlace;
    const reversed = Object.fromEntries(Object.entries(fields).toReversed());

    expect(encodePlace({ ...reversed, object, extra: 1 } as unknown as PlaceOf<'wrap/password'>)).toEqual(
      encodePlace(wrapPlace),
    );
  });

  it.for([
    ['skFlag', 2],
    ['skFlag', true],
    ['profile', 4],
    ['profile', '1'],
    ['salt', new Uint8Array(15)],
    ['salt', new Uint8Array(17)],
    ['salt', '00'],
    ['login', null],
    ['akEpoch', 2 ** 53],
  ] as const)('is refused with %s %j', ([name, value]) => {
    expect(() => encodePlace({ ...wrapPlace, [name]: value })).toThrow(RangeError);
  });

  it('is refused with an id in upper case', () => {
    expect(() => encodePlace({ ...wrapPlace, accountId: idA.toUpperCase() })).toThrow(
      refusal('ProtocolError', 'uuid-invalid'),
    );
  });
});
