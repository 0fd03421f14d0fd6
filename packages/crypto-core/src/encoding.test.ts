import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../test/fixtures.ts';
import { bytesToHex, utf8 } from './bytes.ts';
import { decodeBase64Url, encodeBase64Url, encodeFields, type Field, uuidToBytes } from './encoding.ts';

const notBase64Url = refusal('ProtocolError', 'encoding-invalid');

describe('the field encoding', () => {
  it('never gives two lists of byte strings one encoding', () => {
    const list = fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(list, list, (one, other) => {
        const same = JSON.stringify(one.map(bytesToHex)) === JSON.stringify(other.map(bytesToHex));

        expect(bytesToHex(encodeFields(...one)) === bytesToHex(encodeFields(...other))).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes composed and decomposed text for the same, and compatible text for another', () => {
    expect(encodeFields('e\u0301')).toEqual(encodeFields('é'));
    expect(encodeFields('ａ')).not.toEqual(encodeFields('a'));
  });

  it.for([
    [0, '0000000000000000'],
    [2 ** 32 - 1, '00000000ffffffff'],
    [2 ** 32, '0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
  ] as const)('writes %d as eight big-endian bytes', ([value, hex]) => {
    expect(bytesToHex(encodeFields(value))).toBe(`5a4b563100000008${hex}`);
  });

  it.for([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('refuses the number %d', (value) => {
    expect(() => encodeFields(value)).toThrow(RangeError);
  });

  it('refuses text with a lone surrogate, which would be read as another text', () => {
    expect(() => encodeFields('\udc00' satisfies Field)).toThrow(RangeError);
  });
});

describe('a UUID', () => {
  it('is 16 bytes', () => {
    expect(bytesToHex(uuidToBytes('5c6973e6-78bb-4a88-b8b4-20178c6a57f7'))).toBe(
      '5c6973e678bb4a88b8b420178c6a57f7',
    );
  });

  it.for([
    '',
    '5C6973E6-78BB-4A88-B8B4-20178C6A57F7',
    '5c6973e678bb4a88b8b420178c6a57f7',
    '{5c6973e6-78bb-4a88-b8b4-20178c6a57f7}',
    '5c6973e6-78bb-4a88-b8b4-20178c6a57f',
    '5c6973e6-78bb-4a88-b8b4-20178c6a57f7\n',
    'gc6973e6-78bb-4a88-b8b4-20178c6a57f7',
    null,
    ['5c6973e6-78bb-4a88-b8b4-20178c6a57f7'],
  ])('is not %j', (text) => {
    expect(() => uuidToBytes(text as string)).toThrow(refusal('ProtocolError', 'uuid-invalid'));
  });
});

describe('base64url', () => {
  it('carries every byte string, as other implementations write it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encodeBase64Url(bytes);

        expect(text).toBe(referenceBase64Url(bytes));
        expect(decodeBase64Url(text)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('decodes no text but the one that its bytes encode to', () => {
    const character = fc.constantFrom(...'ABCDwxyz0189-_+/=! \n\u00e9\u0141');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 9 }), (characters) => {
        const text = characters.join('');
        const decoded = decodedOrRefused(text);

        expect(decoded === undefined || encodeBase64Url(decoded) === text).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it.for([
    'QR',
    'QQ==',
    'Q Q',
    'QQ!!',
    'QQ=',
    'A',
    'AAAAA',
    'QUJ',
    'QUK',
    '+/+/',
    'AAAA\n',
    '\u0141A',
    'QQ\u0000A',
  ])('refuses %j, which lenient decoders take', (text) => {
    expect(() => decodeBase64Url(text)).toThrow(notBase64Url);
  });

  it.for([null, undefined, 7, ['QQ'], { length: 2 }])('refuses %j, which is no text', (value) => {
    expect(() => decodeBase64Url(value as unknown as string)).toThrow(notBase64Url);
  });

  it('tells nothing of the text in its refusal', () => {
    expect(() => decodeBase64Url('hunter2hunter2!')).toThrow(/^(?!.*hunter2)/s);
  });
});

/** Base64url through the platform, one character per byte. */
function referenceBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decodedOrRefused(text: string): Uint8Array | undefined {
  try {
    return decodeBase64Url(text);
  } catch (error) {
    expect(error).toEqual(notBase64Url);
    return undefined;
  }
}

it('keeps utf8 and enc apart: enc of nothing is its magic', () => {
  expect(encodeFields()).toEqual(utf8('ZKV1'));
});
