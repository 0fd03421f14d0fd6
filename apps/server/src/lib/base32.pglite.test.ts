import { describe, expect, it } from 'vitest';
import { canonicalCrockford, encodeBase32, encodeCrockford } from './base32.ts';

describe('base32', () => {
  it.for([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)('of "%s" is that of RFC 4648 section 10, without padding', ([plain, encoded]) => {
    expect(encodeBase32(Buffer.from(plain, 'ascii'))).toBe(encoded);
  });

  it("of Crockford's alphabet has no letter that looks like another", () => {
    const all = encodeCrockford(Uint8Array.from({ length: 256 }, (_, index) => index));

    expect(new Set(all).size).toBe(32);
    expect(all).not.toMatch(/[ILOU]/);
    expect(encodeCrockford(Uint8Array.of(0xff, 0, 0xff, 0, 0xff))).toBe('ZW0FY07Z');
  });

  it('is read as people write it', () => {
    expect(canonicalCrockford(' zw0f-y07z ')).toBe('ZW0FY07Z');
    expect(canonicalCrockford('ZWOF YO7Z')).toBe('ZW0FY07Z');
    expect(canonicalCrockford('iIlL')).toBe('1111');
  });
});
