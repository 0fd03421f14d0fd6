import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeKeyRing } from './key-ring.ts';
import { makeSealerAtRest, SEALING_OVERHEAD_BYTES } from './sealed-at-rest.ts';

const older = { id: 'older', secret: new Uint8Array(randomBytes(32)) };
const newer = { id: 'newer', secret: new Uint8Array(randomBytes(32)) };
const before = makeSealerAtRest(makeKeyRing([older]), 'totp-seed');
const after = makeSealerAtRest(makeKeyRing([newer, older]), 'totp-seed');
const owner = randomUUID();
const secret = new Uint8Array(randomBytes(20));

const REFUSED = /unable to authenticate|too short/;

describe('a secret sealed at rest', () => {
  it('opens for its owner, and is another text each time', () => {
    const [one, two] = [before.seal(owner, secret), before.seal(owner, secret)];

    expect(before.open(owner, one)).toEqual(secret);
    expect(one.sealed).toHaveLength(secret.length + SEALING_OVERHEAD_BYTES);
    expect(Buffer.from(one.sealed).equals(two.sealed)).toBe(false);
  });

  it('opens under an old key that is in the ring, and is sealed under the newest', () => {
    const old = before.seal(owner, secret);

    expect(after.open(owner, old)).toEqual(secret);
    expect([before.isOutdated(old), after.isOutdated(old)]).toEqual([false, true]);
    expect(after.seal(owner, secret).keyId).toBe('newer');
  });

  it('does not open once its key has gone, and the message names the key', () => {
    const old = before.seal(owner, secret);
    const without = makeSealerAtRest(makeKeyRing([newer]), 'totp-seed');

    expect(() => without.open(owner, old)).toThrow('SERVER_KEYS lacks the key "older"');
  });

  it('does not open for another account, for another purpose or under the name of another key', () => {
    const stored = before.seal(owner, secret);
    const twin = makeKeyRing([older, { ...older, id: 'twin' }]);

    expect(() => before.open(randomUUID(), stored)).toThrow(REFUSED);
    expect(() => makeSealerAtRest(makeKeyRing([older]), 'pepper').open(owner, stored)).toThrow(REFUSED);
    expect(() => makeSealerAtRest(twin, 'totp-seed').open(owner, { ...stored, keyId: 'twin' })).toThrow(
      REFUSED,
    );
  });

  it('does not open with any one bit of it turned, nor cut short', () => {
    const { keyId, sealed } = before.seal(owner, secret);

    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Uint8Array.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => before.open(owner, { keyId, sealed: altered })).toThrow(REFUSED);
    }
    for (let length = 0; length < sealed.length; length += 1)
      expect(() => before.open(owner, { keyId, sealed: sealed.subarray(0, length) })).toThrow(REFUSED);
  });
});
