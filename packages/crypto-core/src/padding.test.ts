import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pad, paddedLength, unpad } from './padding.ts';

describe('padding', () => {
  it.for([
    [0, 256],
    [254, 256],
    [255, 256],
    [256, 320],
    [319, 320],
    [320, 384],
    [511, 512],
    [512, 640],
    [1023, 1024],
    [1024, 1280],
    [65_535, 65_536],
    [65_536, 81_920],
    [262_143, 262_144],
  ] as const)('pads %d bytes to %d', ([length, padded]) => {
    expect(paddedLength(length)).toBe(padded);
    expect(pad(new Uint8Array(length))).toHaveLength(padded);
  });

  it('follows the formula of the protocol', () => {
    fc.assert(
      fc.property(fc.nat(300_000), (length) => {
        let power = 1;
        while (power < length + 1) power *= 2;
        const bucket = Math.max(256, power);
        const step = bucket === 256 ? 256 : bucket / 8;

        expect(paddedLength(length)).toBe(Math.ceil((length + 1) / step) * step);
      }),
    );
  });

  it('is taken off exactly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(unpad(pad(bytes))).toEqual(bytes);
      }),
    );
  });

  it('keeps plaintexts that end as padding does', () => {
    const bytes = Uint8Array.of(0x80, 0, 0x80, 0, 0);

    expect(unpad(pad(bytes))).toEqual(bytes);
  });

  it.for([
    ['nothing but zeros', new Uint8Array(256)],
    ['no bytes', new Uint8Array(0)],
    ['another mark', new Uint8Array(256).fill(1, 0, 9)],
    ['too long a bucket', Uint8Array.of(0x80, ...new Uint8Array(511))],
    ['too short a bucket', Uint8Array.of(1, 0x80)],
  ] as const)('is refused with %s', ([, padded]) => {
    expect(unpad(padded)).toBeUndefined();
  });
});
