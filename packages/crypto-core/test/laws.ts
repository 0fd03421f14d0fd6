/** @file Laws of the envelope that hold for every plaintext and every place; run in Node and in Chromium. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { bytesToHex } from '../src/bytes.ts';
import { decodeBase64Url, encodeBase64Url } from '../src/encoding.ts';
import { open, seal } from '../src/envelope.ts';
import { ZkvaultError } from '../src/errors.ts';
import { keyFromBytes, type SealingKey } from '../src/keys.ts';
import { type FieldShape, type PlaceKind, type PlaceOf, placeFields } from '../src/place.ts';
import type { Envelope } from '../src/sealing.ts';
import { doesNotAuthenticate } from './fixtures.ts';

/** A key for places of any kind, so that only the place can tell two envelopes apart. */
type AnyKey = SealingKey<PlaceKind>;
type AnyPlace = PlaceOf<PlaceKind>;

const values: { readonly [Shape in FieldShape]: fc.Arbitrary<unknown> } = {
  text: fc.string({ unit: 'grapheme', maxLength: 40 }),
  uuid: fc.uuid(),
  integer: fc.nat(Number.MAX_SAFE_INTEGER),
  flag: fc.constantFrom(0, 1),
  profile: fc.constantFrom(1, 2, 3),
  bytes16: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  bytes32: fc.uint8Array({ minLength: 32, maxLength: 32 }),
};

const key: fc.Arbitrary<AnyKey> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => keyFromBytes<PlaceKind>(bytes));
const plaintext = fc.uint8Array({ maxLength: 1500 });
const field = fc.constantFrom<keyof Envelope>('ciphertext', 'iv', 'tag');

function placeOf(kind: PlaceKind): fc.Arbitrary<AnyPlace> {
  const fields = Object.entries<FieldShape>(placeFields[kind]).map(([name, shape]) => [name, values[shape]]);
  return fc.record({ object: fc.constant(kind), ...Object.fromEntries(fields) }) as fc.Arbitrary<AnyPlace>;
}

const kinds = Object.keys(placeFields) as readonly PlaceKind[];
const place: fc.Arbitrary<AnyPlace> = fc.constantFrom(...kinds).chain(placeOf);

/** How a law was broken, or undefined if it holds. */
export type Counterexample = string | undefined;

async function counterexample<Values>(
  property: fc.IAsyncProperty<Values>,
  numRuns: number,
): Promise<Counterexample> {
  return fc.asyncDefaultReportMessage(await fc.check(property, { numRuns }));
}

/** What is sealed opens to itself, for every key, place and plaintext. */
export async function openUndoesSeal(numRuns: number): Promise<Counterexample> {
  return counterexample(
    fc.asyncProperty(key, place, plaintext, async (anyKey, here, bytes) => {
      const envelope = await seal(anyKey, here, bytes);

      expect(bytesToHex(await open(anyKey, here, envelope))).toBe(bytesToHex(bytes));
    }),
    numRuns,
  );
}

/** Any bit flipped in any decoded field is refused. */
export async function flippedBitsAreRefused(numRuns: number): Promise<Counterexample> {
  return counterexample(
    fc.asyncProperty(
      key,
      fc.tuple(place, plaintext),
      field,
      fc.nat(),
      async (anyKey, [here, bytes], name, at) => {
        const envelope = await seal(anyKey, here, bytes);
        const decoded = decodeBase64Url(envelope[name]);
        const bit = at % (decoded.length * 8);
        decoded[bit >> 3]! ^= 1 << (bit & 7);

        const opening = open(anyKey, here, { ...envelope, [name]: encodeBase64Url(decoded) });

        await expect(opening).rejects.toThrow(ZkvaultError);
      },
    ),
    numRuns,
  );
}

/** Any field one byte shorter or longer is refused. */
export async function otherLengthsAreRefused(numRuns: number): Promise<Counterexample> {
  return counterexample(
    fc.asyncProperty(key, place, plaintext, field, async (anyKey, here, bytes, name) => {
      const envelope = await seal(anyKey, here, bytes);
      const decoded = decodeBase64Url(envelope[name]);
      const longer = new Uint8Array(decoded.length + 1);
      longer.set(decoded);

      for (const wrong of [longer, decoded.subarray(1), decoded.subarray(0, -1)])
        await expect(open(anyKey, here, { ...envelope, [name]: encodeBase64Url(wrong) })).rejects.toThrow(
          ZkvaultError,
        );
    }),
    numRuns,
  );
}

/** For every kind of place and each of its fields: changed, it is refused. */
export async function otherPlacesAreRefused(numRuns: number): Promise<Counterexample> {
  for (const kind of kinds)
    for (const name of Object.keys(placeFields[kind])) {
      const found = await anotherFieldIsRefused(kind, name, numRuns);
      if (found !== undefined) return found;
    }
  return undefined;
}

function anotherFieldIsRefused(kind: PlaceKind, name: string, numRuns: number): Promise<Counterexample> {
  const shape = (placeFields[kind] as Readonly<Record<string, FieldShape>>)[name]!;
  const property = fc.asyncProperty(key, placeOf(kind), values[shape], async (anyKey, here, other) => {
    const now = (here as unknown as Readonly<Record<string, unknown>>)[name];
    fc.pre(canonical(now) !== canonical(other));
    const envelope = await seal(anyKey, here, new Uint8Array(1));

    await expect(open(anyKey, { ...here, [name]: other }, envelope)).rejects.toThrow(doesNotAuthenticate);
  });
  return counterexample(property, numRuns);
}

/** Two values that the encoding takes for the same; text in NFC. */
function canonical(value: unknown): string {
  return value instanceof Uint8Array ? bytesToHex(value) : String(value).normalize('NFC');
}
