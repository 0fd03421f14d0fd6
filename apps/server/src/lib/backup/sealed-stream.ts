/**
 * @file A stream of bytes sealed in chunks, as age does it (https://age-encryption.org/v1, Payload).
 * [Note: Sealed stream] A line that says what it is, 32 random bytes, and chunks of AES-256-GCM over 64 KiB
 * each, the last one of 1 byte to 64 KiB. The key of a file is HKDF-SHA-256 over the backup key and the random
 * bytes, so chunks of two files are under two keys; a nonce is the chunk's number and whether it is the last
 * one, so that no chunk opens in another place, and a file that was cut at a chunk's end has no last one.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { BackupError } from './backup-error.ts';
import type { BackupKey } from './backup-key.ts';

/** How much plaintext is in a chunk that is not the last. */
export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const MAGIC = Buffer.from('zkvault-backup-1\n', 'utf8');
const SALT_BYTES = 32;

/** How long the part before the first chunk is. */
export const STREAM_HEAD_BYTES: number = MAGIC.length + SALT_BYTES;

/** Seals a stream. @param source at least one byte. */
export async function* sealStream(
  key: BackupKey,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const head = Buffer.concat([MAGIC, randomBytes(SALT_BYTES)]);
  const fileKey = fileKeyOf(key, head);
  yield head;
  let number = 0;
  // A chunk is sealed when there is something after it, because the last one is sealed as such.
  let waiting: Buffer | undefined;
  for await (const chunk of inPieces(source, CHUNK_BYTES)) {
    if (waiting !== undefined) yield seal(fileKey, head, placeOf(number++, false), waiting);
    waiting = chunk;
  }
  if (waiting === undefined) throw new RangeError('there is nothing to seal');
  yield seal(fileKey, head, placeOf(number, true), waiting);
}

/**
 * Opens a stream. What it gives was authenticated, but only at its end is it known to be whole.
 *
 * @param source untrusted.
 * @throws {BackupError} `not-a-backup`, `does-not-open`.
 */
export async function* openStream(
  key: BackupKey,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { head, rest } = await splitHead(source);
  const fileKey = fileKeyOf(key, head);
  let number = 0;
  let waiting: Buffer | undefined;
  for await (const chunk of inPieces(rest, SEALED_CHUNK_BYTES)) {
    if (waiting !== undefined) yield open(fileKey, head, placeOf(number++, false), waiting);
    waiting = chunk;
  }
  if (waiting === undefined) throw new BackupError('does-not-open');
  yield open(fileKey, head, placeOf(number, true), waiting);
}

function fileKeyOf(key: BackupKey, head: Buffer): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, head.subarray(MAGIC.length), 'zkvault/backup/1', 32));
}

/** The nonce: 11 bytes of number, one of whether it is the last. */
function placeOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(number), 3);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function seal(fileKey: Uint8Array, head: Buffer, nonce: Buffer, chunk: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', fileKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(head);
  return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
}

function open(fileKey: Uint8Array, head: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  if (sealed.length <= TAG_BYTES) throw new BackupError('does-not-open');
  const decipher = createDecipheriv('aes-256-gcm', fileKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(head);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new BackupError('does-not-open'); // The tag is wrong: all that GCM says.
  }
  return plaintext;
}

async function splitHead(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const iterator = inPieces(source, STREAM_HEAD_BYTES, SEALED_CHUNK_BYTES);
  const { value: head } = await iterator.next();
  if (head === undefined || head.length < STREAM_HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC))
    throw new BackupError('not-a-backup');
  return { head, rest: iterator };
}

/** The same bytes in pieces of one length, the last one shorter. @param first length of the first piece. */
async function* inPieces(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  first: number,
  following: number = first,
): AsyncGenerator<Buffer, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let wished = first;
  for await (const part of source) {
    parts.push(part);
    size += part.length;
    if (size < wished) continue;
    let all = Buffer.concat(parts);
    for (; all.length >= wished; wished = following) {
      yield all.subarray(0, wished);
      all = all.subarray(wished);
    }
    parts = [all];
    size = all.length;
  }
  if (size > 0) yield Buffer.concat(parts);
  return undefined;
}
