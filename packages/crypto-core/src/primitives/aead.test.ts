import { describe, expect, it } from 'vitest';
import { decryptAesGcm, encryptAesGcm } from './aead.ts';

const parameters = {
  key: new Uint8Array(32).fill(1),
  iv: new Uint8Array(12).fill(2),
  associatedData: Uint8Array.of(3),
};

describe('AES-256-GCM', () => {
  it.for([16, 24, 31, 33])('takes no key of %d bytes', async (length) => {
    const wrong = { ...parameters, key: new Uint8Array(length) };
    const sealed = { body: new Uint8Array(0), tag: new Uint8Array(16) };

    await expect(encryptAesGcm(wrong, new Uint8Array(1))).rejects.toThrow(RangeError);
    await expect(decryptAesGcm(wrong, sealed)).rejects.toThrow(RangeError);
  });

  it.for([0, 1, 8, 11, 13, 16, 64])('takes no IV of %d bytes, though WebCrypto would', async (length) => {
    const wrong = { ...parameters, iv: new Uint8Array(length) };
    const sealed = { body: new Uint8Array(0), tag: new Uint8Array(16) };

    await expect(encryptAesGcm(wrong, new Uint8Array(1))).rejects.toThrow(RangeError);
    await expect(decryptAesGcm(wrong, sealed)).rejects.toThrow(RangeError);
  });

  it.for([0, 4, 8, 12, 13, 15, 17, 32])('takes no tag of %d bytes', async (length) => {
    const { body } = await encryptAesGcm(parameters, Uint8Array.of(1, 2, 3));

    await expect(decryptAesGcm(parameters, { body, tag: new Uint8Array(length) })).rejects.toThrow(
      RangeError,
    );
  });

  it('releases nothing of 10 MB whose tag is wrong', async () => {
    const { body, tag } = await encryptAesGcm(parameters, new Uint8Array(10_000_000));

    expect(await decryptAesGcm(parameters, { body, tag: tag.with(15, tag[15]! ^ 1) })).toBeUndefined();
    expect(await decryptAesGcm(parameters, { body, tag })).toHaveLength(10_000_000);
  });
});
