import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../test/fixtures.ts';
import { bytesToHex, concatBytes, equalInConstantTime, hexToBytes, utf8, wipe } from './bytes.ts';

describe('bytes', () => {
  it('joins byte strings in order, into memory of its own', () => {
    const first = Uint8Array.of(1, 2);

    const joined = concatBytes(first, new Uint8Array(0), Uint8Array.of(3));
    first.fill(0);

    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    expect(concatBytes()).toEqual(new Uint8Array(0));
  });

  it('finds equal exactly what is equal in every byte and in length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const other = bytes.slice();
          other[at % bytes.length]! ^= flip;

          expect(equalInConstantTime(bytes, bytes.slice())).toBe(true);
          expect(equalInConstantTime(bytes, other)).toBe(false);
          expect(equalInConstantTime(bytes, bytes.subarray(1))).toBe(false);
        },
      ),
    );
  });

  it('leaves nothing of wiped secrets', () => {
    const secrets = [Uint8Array.of(1, 2), Uint8Array.of(3)];

    wipe(...secrets);

    expect(secrets).toEqual([Uint8Array.of(0, 0), Uint8Array.of(0)]);
  });

  it('carries every byte string through hexadecimal', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
      }),
    );
  });

  it.for(['0', 'abc', 'AB', '0x', ' 00', '00\n', 'gg', '０0'])('refuses %j as hexadecimal', (text) => {
    expect(() => hexToBytes(text)).toThrow(refusal('ProtocolError', 'encoding-invalid'));
  });

  it('encodes text as UTF-8 without normalising it', () => {
    expect(bytesToHex(utf8('é'))).toBe('c3a9');
    expect(bytesToHex(utf8('e\u0301'))).toBe('65cc81');
  });

  it('refuses text that UTF-8 cannot carry', () => {
    expect(() => utf8('a\ud800')).toThrow(RangeError);
  });
});
