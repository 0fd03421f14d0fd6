/**
 * @file What an envelope is and where it belongs (the table of docs/protocol.md section 4).
 * A place is authenticated and never transmitted: the reader rebuilds it from what it asked for.
 */
import { encodeFields, type Field, uuidToBytes } from './encoding.ts';
import { type KdfProfileId, kdfProfiles } from './kdf-profiles.ts';

/** The fields of every kind of place, in the order in which they are authenticated. */
export const placeFields = {
  'wrap/password': {
    realm: 'text',
    accountId: 'uuid',
    login: 'text',
    profile: 'profile',
    skFlag: 'flag',
    salt: 'bytes16',
    akEpoch: 'integer',
  },
  'wrap/recovery': { realm: 'text', accountId: 'uuid', recoveryId: 'uuid', akEpoch: 'integer' },
  'wrap/passkey': { realm: 'text', accountId: 'uuid', credentialIdHash: 'bytes32', akEpoch: 'integer' },
  'wrap/apikey': {
    realm: 'text',
    accountId: 'uuid',
    vaultId: 'uuid',
    keyId: 'uuid',
    vkEpoch: 'integer',
  },
  'apikey-grant': { realm: 'text', accountId: 'uuid', keyId: 'uuid' },
  acctstate: { realm: 'text', accountId: 'uuid', akEpoch: 'integer', seq: 'integer' },
  identity: { realm: 'text', accountId: 'uuid', akEpoch: 'integer', publicKeysHash: 'bytes32' },
  vaultkey: { realm: 'text', accountId: 'uuid', vaultId: 'uuid', vkEpoch: 'integer', role: 'text' },
  entry: {
    realm: 'text',
    vaultId: 'uuid',
    vkEpoch: 'integer',
    entryId: 'uuid',
    version: 'integer',
    schema: 'integer',
  },
  manifest: { realm: 'text', vaultId: 'uuid', vkEpoch: 'integer', seq: 'integer' },
  blob: {
    realm: 'text',
    vaultId: 'uuid',
    entryId: 'uuid',
    blobId: 'uuid',
    index: 'integer',
    count: 'integer',
    totalLength: 'integer',
  },
  export: { format: 'text', exportId: 'uuid', profile: 'profile', salt: 'bytes16' },
} as const;

/** How a field of a place is written: `flag` is 0 or 1, `integer` 0 to 2^53 - 1. */
export type FieldShape = keyof FieldValues;

interface FieldValues {
  text: string;
  uuid: string;
  integer: number;
  flag: 0 | 1;
  profile: KdfProfileId;
  bytes16: Uint8Array;
  bytes32: Uint8Array;
}

type Fields = typeof placeFields;

/** The kinds of objects that are sealed; the first field that an envelope authenticates. */
export type PlaceKind = keyof Fields;

/** A place of one kind: `object`, and the fields of that kind. */
export type PlaceOf<Kind extends PlaceKind> = {
  readonly object: Kind;
} & {
  readonly [Name in keyof Fields[Kind]]: FieldValues[Fields[Kind][Name] & FieldShape];
};

/** Any place. */
export type Place = { [Kind in PlaceKind]: PlaceOf<Kind> }[PlaceKind];

/**
 * Encodes a place as the associated data of its envelope.
 *
 * @throws {ProtocolError} `uuid-invalid`.
 * @throws {RangeError} a field is missing, unknown or out of bounds.
 */
export function encodePlace<Kind extends PlaceKind>(place: PlaceOf<Kind>): Uint8Array {
  const shapes: Readonly<Record<string, FieldShape>> = placeFields[place.object];
  const values = place as Readonly<Record<string, unknown>>;
  const fields: Field[] = [place.object];
  for (const name in shapes) fields.push(encoders[shapes[name]!](values[name], name));
  return encodeFields(...fields);
}

const encoders: { readonly [Shape in FieldShape]: (value: unknown, name: string) => Field } = {
  text(value, name) {
    if (typeof value !== 'string') throw unfit(name, 'text');
    return value;
  },
  uuid: (value) => uuidToBytes(value as string),
  integer: integerField,
  flag(value, name) {
    if (value !== 0 && value !== 1) throw unfit(name, '0 or 1');
    return value;
  },
  profile(value, name) {
    const profile = integerField(value, name);
    if (!Object.hasOwn(kdfProfiles, profile)) throw unfit(name, 'a KDF profile');
    return profile;
  },
  bytes16: bytesField(16),
  bytes32: bytesField(32),
};

function integerField(value: unknown, name: string): number {
  if (typeof value !== 'number') throw unfit(name, 'an integer');
  return value;
}

function bytesField(length: number) {
  return (value: unknown, name: string): Uint8Array => {
    if (!(value instanceof Uint8Array) || value.length !== length) throw unfit(name, `${length} bytes`);
    return value;
  };
}

function unfit(name: string, wanted: string): RangeError {
  return new RangeError(`${name} of a place must be ${wanted}`);
}
