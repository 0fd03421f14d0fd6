import { expect, it } from 'vitest';
import { bytesToHex, utf8 } from '../../src/bytes.ts';
import { hkdfSha256 } from '../../src/primitives/hash.ts';
import { pbkdf2Sha256 } from '../../src/primitives/pbkdf2.ts';
import { describeExternal, fromHex, readRecords, readVectors } from './vector-files.ts';

describeExternal('RFC 5869', () => {
  it('gives its three answers', () => {
    const records = readRecords('rfc/rfc-5869-hkdf-sha256.txt', 'okm');

    expect(records).toHaveLength(3);
    for (const { ikm, salt, info, l, okm } of records) {
      const input = { key: fromHex(ikm), salt: fromHex(salt), info: fromHex(info), length: Number(l) };
      expect(bytesToHex(hkdfSha256(input))).toBe(okm);
    }
  });
});

describeExternal('Botan PBKDF2', () => {
  it('gives its answer for HMAC-SHA-256, the one hash there is', async () => {
    const records = readRecords('rfc/botan-pbkdf2.vec', 'output').filter(
      ({ section }) => section === 'PBKDF2(HMAC(SHA-256))',
    );

    expect(records).toHaveLength(1);
    for (const { salt, iterations, passphrase, output } of records) {
      const derived = await pbkdf2Sha256({
        password: utf8(passphrase!),
        salt: fromHex(salt),
        iterations: Number(iterations),
        length: output!.length / 2,
      });
      expect(bytesToHex(derived)).toBe(output!.toLowerCase());
    }
  });
});

describeExternal('the RFC 6070 inputs under SHA-256 (brycx)', () => {
  const CASE =
    /P = "(?<password>.*)".*\n\s*S = "(?<salt>.*)".*\n\s*c = (?<count>\d+)\n\s*dkLen = (?<length>\d+)[^#]*?SHA256 = "?(?<output>[0-9a-f]+)/g;

  it('give their answers, 16,777,216 iterations included', { timeout: 120_000 }, async () => {
    const cases = Array.from(
      readVectors('rfc/brycx-pbkdf2-hmac-sha2.md').matchAll(CASE),
      ({ groups }) => groups!,
    );

    expect(cases).toHaveLength(9);
    const outputs = cases.map(async ({ password, salt, count, length }) =>
      bytesToHex(
        await pbkdf2Sha256({
          password: utf8(password!.replaceAll('\\0', '\0')),
          salt: utf8(salt!.replaceAll('\\0', '\0')),
          iterations: Number(count),
          length: Number(length),
        }),
      ),
    );
    expect(await Promise.all(outputs)).toEqual(cases.map(({ output }) => output));
  });
});
