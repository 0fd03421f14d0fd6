import { expect, it } from 'vitest';
import { bytesToHex } from '../../src/bytes.ts';
import { decryptAesGcm, encryptAesGcm } from '../../src/primitives/aead.ts';
import { hkdfSha256, hmacSha256, verifyHmacSha256 } from '../../src/primitives/hash.ts';
import { pbkdf2Sha256 } from '../../src/primitives/pbkdf2.ts';
import * as web from '../../src/primitives/web-platform.ts';
import { describeExternal, fromHex, readWycheproof, type WycheproofTest } from './vector-files.ts';

type Hex<Names extends string> = { readonly [Name in Names]: string };

describeExternal('Wycheproof AES-GCM', () => {
  type Test = WycheproofTest<Hex<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag'>>;

  function parametersOf(test: Test) {
    return { key: fromHex(test.key), iv: fromHex(test.iv), associatedData: fromHex(test.aad) };
  }
  function sealedOf(test: Test) {
    return { body: fromHex(test.ct), tag: fromHex(test.tag) };
  }
  function isOurs({ key, iv, tag }: Test): boolean {
    return key.length === 64 && iv.length === 24 && tag.length === 32;
  }
  const split = () =>
    Map.groupBy(readWycheproof<Hex<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag'>>('aes_gcm'), isOurs);

  it('agrees on every test of a 256-bit key, a 96-bit IV and a 128-bit tag', async () => {
    const tests = split().get(true) ?? [];

    expect(tests).toHaveLength(66);
    for (const test of tests) {
      const opened = await decryptAesGcm(parametersOf(test), sealedOf(test));
      const sealed = await encryptAesGcm(parametersOf(test), fromHex(test.msg));
      expect(await web.openAesGcm(parametersOf(test), sealedOf(test)), `test ${test.tcId}`).toEqual(opened);
      expect(await web.sealAesGcm(parametersOf(test), fromHex(test.msg)), `test ${test.tcId}`).toEqual(
        sealed,
      );
      if (test.result === 'valid') {
        expect(opened, `test ${test.tcId}`).toEqual(fromHex(test.msg));
        expect(bytesToHex(sealed.body) + bytesToHex(sealed.tag), `test ${test.tcId}`).toBe(
          test.ct + test.tag,
        );
      } else expect(opened, `test ${test.tcId}`).toBeUndefined();
    }
  });

  it('is refused for every other size of key and IV', async () => {
    const tests = split().get(false) ?? [];

    expect(tests).toHaveLength(250);
    for (const test of tests) {
      await expect(decryptAesGcm(parametersOf(test), sealedOf(test))).rejects.toThrow(RangeError);
      await expect(encryptAesGcm(parametersOf(test), fromHex(test.msg))).rejects.toThrow(RangeError);
    }
  });
});

describeExternal('Wycheproof HKDF-SHA-256', () => {
  it('agrees on every test, and refuses more than 8,160 bytes', () => {
    const tests = readWycheproof<Hex<'ikm' | 'salt' | 'info' | 'okm'> & { readonly size: number }>(
      'hkdf_sha256',
    );

    expect(tests).toHaveLength(86);
    expect(tests.filter(({ result }) => result === 'invalid').length).toBeGreaterThan(0);
    for (const { ikm, salt, info, size, okm, result } of tests) {
      const derive = () =>
        hkdfSha256({ key: fromHex(ikm), salt: fromHex(salt), info: fromHex(info), length: size });
      if (result === 'valid') expect(bytesToHex(derive())).toBe(okm);
      else expect(derive).toThrow(RangeError);
    }
  });
});

describeExternal('Wycheproof HMAC-SHA-256', () => {
  it('agrees on every whole tag, and accepts no truncated one', () => {
    const tests = readWycheproof<Hex<'key' | 'msg' | 'tag'>>('hmac_sha256');
    const whole = tests.filter(({ tag }) => tag.length === 64);

    expect(tests).toHaveLength(174);
    expect(whole).toHaveLength(87);
    for (const { key, msg, tag, result } of tests) {
      const accepted = verifyHmacSha256(fromHex(key), fromHex(msg), fromHex(tag));
      expect(accepted).toBe(result === 'valid' && tag.length === 64);
      if (result === 'valid')
        expect(bytesToHex(hmacSha256(fromHex(key), fromHex(msg))).startsWith(tag)).toBe(true);
    }
  });
});

describeExternal('Wycheproof PBKDF2-HMAC-SHA-256', () => {
  it('agrees on every test', async () => {
    type Test = Hex<'password' | 'salt' | 'dk'> & { readonly iterationCount: number; readonly dkLen: number };
    const tests = readWycheproof<Test>('pbkdf2_hmacsha256');

    expect(tests).toHaveLength(60);
    for (const { password, salt, iterationCount, dkLen, dk, result } of tests) {
      const derived = await pbkdf2Sha256({
        password: fromHex(password),
        salt: fromHex(salt),
        iterations: iterationCount,
        length: dkLen,
      });
      expect(result).toBe('valid');
      expect(bytesToHex(derived)).toBe(dk);
    }
  });
});
