/// <reference types="node" />
import { Value } from '@sinclair/typebox/value';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Url } from '../test/arbitrary.ts';
import { decode } from './decode.ts';
import {
  Base64Url,
  Base64UrlOf,
  base64UrlLength,
  Counter,
  ENVELOPE_BYTES,
  Instant,
  Ordinal,
  Uuid,
} from './scalars.ts';

describe('base64url on the wire', () => {
  const within = Base64Url({ minBytes: 3, maxBytes: 7 });

  it.for([2, 3, 4, 5, 6, 7, 8])('counts bytes: %i of them within 3 to 7', (length) => {
    const text = base64Url(new Uint8Array(length).fill(255));

    expect(Value.Check(within, text)).toBe(length >= 3 && length <= 7);
    expect(text).toHaveLength(base64UrlLength(length));
  });

  it('takes every byte string in exactly one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(63), (bytes, last) => {
        const text = base64Url(bytes);
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const respelled = text.slice(0, -1) + alphabet.charAt(last);
        const schema = Base64UrlOf(bytes.length);
        const decodesToTheSame = Buffer.from(respelled, 'base64url').equals(bytes);

        expect(Value.Check(schema, text)).toBe(true);
        if (respelled !== text && decodesToTheSame) expect(Value.Check(schema, respelled)).toBe(false);
      }),
    );
  });

  it.for(['AA==', 'A', 'AAAAA', 'AA+A', 'AA/A', 'AAA\n', ' AAA', 'ÀAAA', 'AAAA\u0000'])(
    'refuses %j',
    (text) => {
      expect(Value.Check(Base64Url({ minBytes: 0, maxBytes: 100 }), text)).toBe(false);
    },
  );

  // Backtracking would take minutes, and the test's own time would be over.
  it('checks the largest envelope without going back, also when its end is wrong', () => {
    const schema = Base64Url(ENVELOPE_BYTES.ciphertext);
    const largest = 'A'.repeat(base64UrlLength(ENVELOPE_BYTES.ciphertext.maxBytes) - 2);

    const taken = Value.Check(schema, `${largest}AA`);
    const refused = !Value.Check(schema, `${largest}A!`);

    expect([taken, refused]).toEqual([true, true]);
  });
});

describe('ids, instants and counters', () => {
  it.for(['2028-02-29', '2000-02-29', '2026-02-28', '0001-01-01', '9999-12-31'])(
    'takes an instant on %s',
    (day) => {
      expect(Value.Check(Instant, `${day}T23:59:59.999Z`)).toBe(true);
    },
  );

  it('takes a random UUID and every instant that Date writes', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        expect(decode(Instant, date.toISOString())).toBe(date.toISOString());
      }),
    );
    fc.assert(fc.property(fc.uuid(), (id) => decode(Uuid, id) === id));
  });

  it.for([
    ['the nil UUID', Uuid, '00000000-0000-0000-0000-000000000000'],
    ['the max UUID', Uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ['a UUID in upper case', Uuid, 'A1B2C3D4-0000-4000-8000-000000000000'],
    ['a UUID in braces', Uuid, '{1b2c3d4-0000-4000-8000-000000000000}'],
    ['an instant with an offset', Instant, '2026-01-01T00:00:00.00+01'],
    ['an instant in month 13', Instant, '2026-13-01T00:00:00.000Z'],
    ['an instant at hour 24', Instant, '2026-01-01T24:00:00.000Z'],
    ['an instant on the 31st of a month of 30 days', Instant, '2026-04-31T00:00:00.000Z'],
    ['an instant on the 30th of February', Instant, '2028-02-30T00:00:00.000Z'],
    ['a 29th of February of no leap year', Instant, '2026-02-29T00:00:00.000Z'],
    ['a 29th of February of a whole century', Instant, '2100-02-29T00:00:00.000Z'],
    ['an instant in the year 0', Instant, '0000-01-01T00:00:00.000Z'],
    ['a counter below 0', Counter, -1],
    ['a counter beyond 2^53 - 1', Counter, 2 ** 53],
    ['an ordinal of 0', Ordinal, 0],
    ['an ordinal beyond 32 bits', Ordinal, 2 ** 31],
    ['a number sent as text', Counter, '1'],
  ] as const)('refuses %s', ([, schema, value]) => {
    expect(Value.Check(schema, value)).toBe(false);
  });
});
