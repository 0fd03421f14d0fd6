/** A backup file in the hands of somebody without its key: cut, lengthened, reordered, spliced, altered. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeBackupKeyText, parseBackupKey } from './backup-key.ts';
import { CHUNK_BYTES, openStream, STREAM_HEAD_BYTES, sealStream } from './sealed-stream.ts';

const key = parseBackupKey(makeBackupKeyText());
const SEALED = CHUNK_BYTES + 16;

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const seal = (plaintext: Uint8Array, under = key) => collect(sealStream(under, [plaintext]));
const open = (sealed: Uint8Array, under = key) => collect(openStream(under, [sealed]));
const chunk = (file: Buffer, at: number) =>
  file.subarray(STREAM_HEAD_BYTES + at * SEALED, STREAM_HEAD_BYTES + (at + 1) * SEALED);
const head = (file: Buffer) => file.subarray(0, STREAM_HEAD_BYTES);

describe('a sealed stream', () => {
  it.for([1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 7])(
    'opens to the %i bytes that it was made of, however they come',
    async (length) => {
      const plaintext = randomBytes(length);
      const pieces = Array.from({ length: Math.ceil(length / 9_999) }, (_, at) =>
        plaintext.subarray(at * 9_999, (at + 1) * 9_999),
      );

      const sealed = await collect(sealStream(key, pieces));
      const chunks = Math.ceil(length / CHUNK_BYTES);

      expect(sealed).toHaveLength(STREAM_HEAD_BYTES + length + 16 * chunks);
      expect((await open(sealed)).equals(plaintext)).toBe(true);
      const oneByOne = Array.from(sealed.subarray(0, 200), (byte) => Uint8Array.of(byte));
      expect((await collect(openStream(key, [...oneByOne, sealed.subarray(200)]))).equals(plaintext)).toBe(
        true,
      );
    },
  );

  it('is another one each time, and opens under its own key only', async () => {
    const plaintext = randomBytes(100);
    const sealed = await seal(plaintext);

    expect((await seal(plaintext)).equals(sealed)).toBe(false);
    await expect(open(sealed, parseBackupKey(makeBackupKeyText()))).rejects.toMatchObject({
      fault: 'does-not-open',
    });
  });

  it('is refused wherever it was cut', async () => {
    const sealed = await seal(randomBytes(3 * CHUNK_BYTES));
    const boundaries = [1, 2].map((at) => STREAM_HEAD_BYTES + at * SEALED);
    const cuts = [...boundaries, ...boundaries.map((at) => at + 16), sealed.length - 1, STREAM_HEAD_BYTES];

    for (const cut of cuts)
      await expect(open(sealed.subarray(0, cut)), String(cut)).rejects.toMatchObject({
        fault: 'does-not-open',
      });
    for (const cut of [0, 5, STREAM_HEAD_BYTES - 1])
      await expect(open(sealed.subarray(0, cut)), String(cut)).rejects.toMatchObject({
        fault: 'not-a-backup',
      });
  });

  it('is refused with something after it', async () => {
    const sealed = await seal(randomBytes(CHUNK_BYTES));

    for (const more of [Buffer.alloc(1), chunk(sealed, 0), await seal(randomBytes(9))])
      await expect(open(Buffer.concat([sealed, more]))).rejects.toMatchObject({ fault: 'does-not-open' });
  });

  it('is refused with its chunks in another order, one twice or one left out', async () => {
    const file = await seal(randomBytes(4 * CHUNK_BYTES));

    for (const order of [[1, 0, 2, 3], [0, 2, 1, 3], [0, 0, 1, 2, 3], [0, 1, 3], [3], [0, 1, 2, 3, 3]])
      await expect(
        open(Buffer.concat([head(file), ...order.map((at) => chunk(file, at))])),
        order.join(),
      ).rejects.toMatchObject({ fault: 'does-not-open' });
  });

  it('is refused with a chunk, or the head, of another file under the same key', async () => {
    const one = await seal(randomBytes(2 * CHUNK_BYTES));
    const other = await seal(randomBytes(2 * CHUNK_BYTES));

    for (const spliced of [
      [head(one), chunk(one, 0), chunk(other, 1)],
      [head(one), chunk(other, 0), chunk(one, 1)],
      [head(other), chunk(one, 0), chunk(one, 1)],
    ])
      await expect(open(Buffer.concat(spliced))).rejects.toMatchObject({ fault: 'does-not-open' });
  });

  it('is refused with any bit altered', async () => {
    const sealed = await seal(randomBytes(90));

    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
      await expect(open(altered), String(at)).rejects.toMatchObject({ name: 'BackupError' });
    }
  });
});

describe('a backup key', () => {
  it.for(['', 'zkvault-backup-key-1:', `zkvault-backup-key-1:${'A'.repeat(43)}`, `k1:${'b'.repeat(43)}`])(
    'is not %j',
    (text) => {
      expect(() => parseBackupKey(text)).toThrow('gen-secret --backup-key');
    },
  );

  it('may have a line end after it, as in a file', () => {
    expect(parseBackupKey(`${makeBackupKeyText()}\n`)).toHaveLength(32);
  });
});
