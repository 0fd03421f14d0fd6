import { afterEach, describe, expect, it, vi } from 'vitest';
import { doesNotAuthenticate, entryPlace, refusal, vaultKeys } from '../test/fixtures.ts';
import { concatBytes, utf8 } from './bytes.ts';
import { decodeBase64Url, encodeBase64Url, encodeFields } from './encoding.ts';
import { envelopeHash, open, seal } from './envelope.ts';
import { ProtocolError, ZkvaultError } from './errors.ts';
import { deriveVaultKeys } from './key-schedule.ts';
import { makeVaultKey } from './keys.ts';
import { encodePlace, placeFields } from './place.ts';
import { encryptAesGcm } from './primitives/aead.ts';
import { hkdfSha256, sha256 } from './primitives/hash.ts';
import type { Envelope } from './sealing.ts';

const { entryKey } = vaultKeys;
const secret = utf8('{"title":"bank"}');
const malformed = refusal('ProtocolError', 'envelope-invalid');
const notBase64Url = refusal('ProtocolError', 'encoding-invalid');

function opened(envelope: Envelope): Promise<Uint8Array> {
  return open(entryKey, entryPlace, envelope);
}

/** An envelope whose decoded field is changed. */
function altered(
  envelope: Envelope,
  field: keyof Envelope,
  change: (bytes: Uint8Array) => Uint8Array,
): Envelope {
  return { ...envelope, [field]: encodeBase64Url(change(decodeBase64Url(envelope[field]))) };
}

function flippedBit(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
}

describe('an envelope', () => {
  it('opens to what was sealed', async () => {
    expect(await opened(await seal(entryKey, entryPlace, secret))).toEqual(secret);
  });

  it('never is the same twice, in any field', async () => {
    const one = await seal(entryKey, entryPlace, secret);
    const other = await seal(entryKey, entryPlace, secret);

    expect(one.ciphertext.slice(0, 24)).not.toBe(other.ciphertext.slice(0, 24));
    expect(one.iv).not.toBe(other.iv);
    expect(one.tag).not.toBe(other.tag);
  });

  it('is refused with any bit of any field flipped', async () => {
    const envelope = await seal(entryKey, entryPlace, secret);
    let refused = 0;

    for (const field of ['ciphertext', 'iv', 'tag'] as const)
      for (let bit = 0; bit < decodeBase64Url(envelope[field]).length * 8; bit += 1) {
        const wrong = altered(envelope, field, (bytes) => flippedBit(bytes, bit));
        const isSuite = field === 'ciphertext' && bit < 8;
        await expect(opened(wrong)).rejects.toThrow(isSuite ? malformed : doesNotAuthenticate);
        refused += 1;
      }

    expect(refused).toBe((49 + 256 + 12 + 16) * 8);
  });

  it('is refused under another key', async () => {
    const envelope = await seal(entryKey, entryPlace, secret);

    await expect(open(deriveVaultKeys(makeVaultKey()).entryKey, entryPlace, envelope)).rejects.toThrow(
      doesNotAuthenticate,
    );
  });

  it.for([
    ['another realm', { realm: 'vault.example.org' }],
    ['another vault', { vaultId: entryPlace.entryId }],
    ['another epoch', { vkEpoch: 2 }],
    ['another entry', { entryId: entryPlace.vaultId }],
    ['another version', { version: 2 }],
    ['another schema', { schema: 2 }],
    ['version and schema exchanged for the epoch', { vkEpoch: 0, version: 2 }],
  ] as const)('is refused moved to %s', async ([, elsewhere]) => {
    const envelope = await seal(entryKey, entryPlace, secret);

    await expect(open(entryKey, { ...entryPlace, ...elsewhere }, envelope)).rejects.toThrow(
      doesNotAuthenticate,
    );
  });

  it('is refused as a mixture of two', async () => {
    const one = await seal(entryKey, entryPlace, secret);
    const other = await seal(entryKey, entryPlace, secret);

    for (const field of ['ciphertext', 'iv', 'tag'] as const)
      await expect(opened({ ...one, [field]: other[field] })).rejects.toThrow(doesNotAuthenticate);
  });

  it('is refused with bytes shifted over the border of ciphertext and tag', async () => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const ciphertext = decodeBase64Url(envelope.ciphertext);
    const tag = decodeBase64Url(envelope.tag);
    const longer = { ...envelope, ciphertext: encodeBase64Url(concatBytes(ciphertext, tag.subarray(0, 1))) };

    await expect(opened({ ...longer, tag: encodeBase64Url(tag.subarray(1)) })).rejects.toThrow(malformed);
  });

  it.for([0, 4, 8, 12, 13, 15, 17, 32])('is refused with a tag of %d bytes', async (length) => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const wrong = altered(envelope, 'tag', (tag) => concatBytes(tag, tag).subarray(0, length));

    await expect(opened(wrong)).rejects.toThrow(malformed);
  });

  it.for([0, 1, 8, 11, 13, 16, 64])('is refused with an IV of %d bytes', async (length) => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const wrong = altered(envelope, 'iv', () => new Uint8Array(length));

    await expect(opened(wrong)).rejects.toThrow(malformed);
  });

  it.for([0, 1, 48, 49, 304])('is refused with a ciphertext of %d bytes', async (length) => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const wrong = altered(envelope, 'ciphertext', (bytes) => bytes.subarray(0, length));

    await expect(opened(wrong)).rejects.toThrow(malformed);
  });

  it('is refused with a ciphertext one byte longer, or of a larger bucket and one byte shorter', async () => {
    const small = await seal(entryKey, entryPlace, secret);
    const large = await seal(entryKey, entryPlace, new Uint8Array(300));

    await expect(
      opened(altered(small, 'ciphertext', (bytes) => concatBytes(bytes, Uint8Array.of(0)))),
    ).rejects.toThrow(doesNotAuthenticate);
    await expect(opened(altered(large, 'ciphertext', (bytes) => bytes.subarray(0, -1)))).rejects.toThrow(
      doesNotAuthenticate,
    );
  });

  it('is refused in every suite but the one there is', async () => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const suites = Array.from({ length: 256 }, (_, suite) => suite).filter((suite) => suite !== 1);

    for (const suite of suites)
      await expect(opened(altered(envelope, 'ciphertext', (bytes) => bytes.with(0, suite)))).rejects.toThrow(
        malformed,
      );
  });

  it.for(['0.iv|ct', '2.a|b|c', 'S1dDMw==', '', 'AQ=', 'AQ ', 'AQ\n'])(
    'is refused with %j as ciphertext',
    async (ciphertext) => {
      const envelope = await seal(entryKey, entryPlace, secret);

      await expect(opened({ ...envelope, ciphertext })).rejects.toThrow(ProtocolError);
    },
  );

  it.for(['ciphertext', 'iv', 'tag'] as const)('is refused with no, null or other %s', async (field) => {
    const envelope = await seal(entryKey, entryPlace, secret);

    for (const value of [undefined, null, 7, [envelope[field]], { ...envelope }, `${envelope[field]}=`])
      await expect(opened({ ...envelope, [field]: value })).rejects.toThrow(notBase64Url);
  });

  it('is refused if whoever has the key left the padding out', async () => {
    const salt = new Uint8Array(16);
    const iv = new Uint8Array(12);
    const associatedData = encodePlace(entryPlace);
    const info = sha256(encodeFields('zkv/1/env', associatedData, iv));
    const okm = hkdfSha256({ key: entryKey, salt, info, length: 64 });
    const unpadded = new Uint8Array(256).fill(1);
    const { body, tag } = await encryptAesGcm({ key: okm.subarray(0, 32), iv, associatedData }, unpadded);

    const envelope = {
      ciphertext: encodeBase64Url(concatBytes(Uint8Array.of(1), salt, okm.subarray(32), body)),
      iv: encodeBase64Url(iv),
      tag: encodeBase64Url(tag),
    };

    await expect(opened(envelope)).rejects.toThrow(malformed);
  });

  it('of another length tells it only in steps', async () => {
    const lengths = await Promise.all(
      [0, 1, 100, 255, 256, 319, 320].map(async (length) => {
        const { ciphertext } = await seal(entryKey, entryPlace, new Uint8Array(length));
        return decodeBase64Url(ciphertext).length - 49;
      }),
    );

    expect(lengths).toEqual([256, 256, 256, 256, 320, 320, 384]);
  });

  it('keeps a plaintext of 200,000 bytes', async () => {
    const plaintext = new Uint8Array(200_000).fill(5);

    expect(await opened(await seal(entryKey, entryPlace, plaintext))).toEqual(plaintext);
  });

  it('does not reach into the memory of its caller', async () => {
    const plaintext = utf8('kept');
    const envelope = await seal(entryKey, entryPlace, plaintext);
    plaintext.fill(0);

    const one = await opened(envelope);
    one.fill(0);

    expect(await opened(envelope)).toEqual(utf8('kept'));
  });
});

describe('the hash of an envelope', () => {
  it('changes with every field', async () => {
    const envelope = await seal(entryKey, entryPlace, secret);
    const hash = envelopeHash(envelope);

    for (const field of ['ciphertext', 'iv', 'tag'] as const)
      expect(envelopeHash(altered(envelope, field, (bytes) => flippedBit(bytes, 90)))).not.toEqual(hash);
    expect(envelopeHash({ ...envelope })).toEqual(hash);
  });

  it('is not taken of what is no envelope', () => {
    expect(() => envelopeHash({ ciphertext: 'AQ', iv: 'AQ', tag: 'AQ' })).toThrow(malformed);
  });
});

describe('a place', () => {
  it('of one kind of object is no place of another, even under one key', async () => {
    const key = entryKey as unknown as Parameters<typeof seal>[0];
    const values = {
      text: 'x',
      uuid: entryPlace.vaultId,
      integer: 1,
      flag: 1,
      profile: 1,
      bytes16: new Uint8Array(16),
      bytes32: new Uint8Array(32),
    } as const;
    const places = Object.entries(placeFields).map(([object, fields]) => ({
      object,
      ...Object.fromEntries(Object.entries(fields).map(([name, shape]) => [name, values[shape]])),
    })) as never[];

    const envelopes = await Promise.all(places.map((place) => seal(key, place, secret)));

    const pairs = envelopes.flatMap((envelope, from) =>
      places.map((place, to) => ({ envelope, from, place, to })),
    );
    expect(pairs).toHaveLength(144);
    await Promise.all(
      pairs.map(({ envelope, from, place, to }) =>
        from === to
          ? expect(open(key, place, envelope)).resolves.toEqual(secret)
          : expect(open(key, place, envelope)).rejects.toThrow(doesNotAuthenticate),
      ),
    );
  });

  it('does not seal with a field missing or unfit, instead of sealing for a vaguer place', async () => {
    const unfit: readonly [string, unknown][] = [
      ['realm', undefined],
      ['realm', 7],
      ['vkEpoch', '1'],
      ['vkEpoch', -1],
      ['version', 1.5],
      ['schema', null],
    ];

    for (const [name, value] of unfit)
      await expect(seal(entryKey, { ...entryPlace, [name]: value }, secret)).rejects.toThrow(RangeError);
    await expect(seal(entryKey, { ...entryPlace, entryId: 'entry-1' }, secret)).rejects.toThrow(
      refusal('ProtocolError', 'uuid-invalid'),
    );
  });
});

describe('with a broken source of randomness', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.for([
    ['gives one byte for ever', (): number => 7],
    ['starts over at every call', (_: unknown, index: number): number => index & 255],
  ] as const)('that %s, nothing is sealed', async ([, byteAt]) => {
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      (array as unknown as Uint8Array).set(Array.from({ length: array.byteLength }, byteAt));
      return array;
    });

    const sealing = seal(entryKey, entryPlace, secret);

    await expect(sealing).rejects.toThrow(ZkvaultError);
    await expect(sealing).rejects.toMatchObject({ code: 'random-source-broken' });
  });
});
