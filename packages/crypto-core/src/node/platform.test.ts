import { describe, expect, it } from 'vitest';
import * as chosen from '#platform';
import * as web from '../primitives/web-platform.ts';
import * as native from './platform.ts';

const parameters = {
  key: new Uint8Array(32).fill(1),
  iv: new Uint8Array(12).fill(2),
  associatedData: Uint8Array.of(3, 4, 5),
};
const lengths = [0, 1, 15, 16, 17, 256, 1000];
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => index * 7);

describe('the platform', () => {
  it('is the one of Node here', () => {
    expect(chosen.openAesGcm).toBe(native.openAesGcm);
    expect(chosen.sealAesGcm).toBe(native.sealAesGcm);
    expect(chosen.hashSha256).toBe(native.hashSha256);
  });

  it('has the same names wherever it is', () => {
    expect(Object.keys(native).toSorted()).toEqual(Object.keys(web).toSorted());
  });

  it.for(lengths)('gives the same hash of %d bytes wherever it is', (length) => {
    expect(native.hashSha256(bytesOf(length))).toEqual(web.hashSha256(bytesOf(length)));
  });

  it.for(lengths)('gives the same ciphertext of %d bytes wherever it is, and opens it', async (length) => {
    const plaintext = bytesOf(length);

    const sealed = await native.sealAesGcm(parameters, plaintext);

    expect(sealed).toEqual(await web.sealAesGcm(parameters, plaintext));
    expect(await native.openAesGcm(parameters, sealed)).toEqual(plaintext);
    expect(await web.openAesGcm(parameters, sealed)).toEqual(plaintext);
  });

  it.for([
    ['Node', native],
    ['the web', web],
  ] as const)('of %s opens nothing that was changed by a bit', async ([, platform]) => {
    const { body, tag } = await platform.sealAesGcm(parameters, bytesOf(64));
    const flip = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1);

    for (let at = 0; at < body.length; at += 1)
      expect(await platform.openAesGcm(parameters, { body: flip(body, at), tag })).toBeUndefined();
    for (let at = 0; at < tag.length; at += 1)
      expect(await platform.openAesGcm(parameters, { body, tag: flip(tag, at) })).toBeUndefined();
    const elsewhere = { ...parameters, associatedData: Uint8Array.of(3, 4) };
    expect(await platform.openAesGcm(elsewhere, { body, tag })).toBeUndefined();
  });

  it('gives plain bytes, whose copies are copies', async () => {
    const sealed = await native.sealAesGcm(parameters, bytesOf(64));
    const opened = (await native.openAesGcm(parameters, sealed))!;
    const copy = opened.slice();

    opened.fill(0);

    expect(copy).toEqual(bytesOf(64));
    for (const bytes of [sealed.body, sealed.tag, opened, native.hashSha256(opened)])
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  });
});
