import { describe, expect, it } from 'vitest';
import { accountKeys, doesNotAuthenticate } from '../test/fixtures.ts';
import { deriveAccountKeys } from './key-schedule.ts';
import { makeAccountKey } from './keys.ts';
import { macPins, verifyPins } from './pins.ts';

const { pinsKey } = accountKeys;
const pins = Uint8Array.of(1, 2, 3);

describe('pins', () => {
  it('are accepted with their own MAC', () => {
    expect(() => verifyPins(pinsKey, pins, macPins(pinsKey, pins))).not.toThrow();
  });

  it('are refused if they, the MAC or the account is another', () => {
    const mac = macPins(pinsKey, pins);

    expect(() => verifyPins(pinsKey, Uint8Array.of(1, 2, 4), mac)).toThrow(doesNotAuthenticate);
    expect(() => verifyPins(pinsKey, pins, mac.with(0, mac[0]! ^ 1))).toThrow(doesNotAuthenticate);
    expect(() => verifyPins(deriveAccountKeys(makeAccountKey()).pinsKey, pins, mac)).toThrow(
      doesNotAuthenticate,
    );
  });

  it.for([0, 16, 31, 33])('are refused with a MAC of %d bytes', (length) => {
    const mac = new Uint8Array(33);
    mac.set(macPins(pinsKey, pins));

    expect(() => verifyPins(pinsKey, pins, mac.slice(0, length))).toThrow(doesNotAuthenticate);
  });
});
