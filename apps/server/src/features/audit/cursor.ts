/** @file Cursors of the audit log: the place of the last event of a page, as 18 bytes. */
import { requestFault } from '../../lib/service-error.ts';
import type { EventPlace } from './store.ts';

const BYTES = 18;

/** The cursor of the page that follows an event: 24 characters of base64url. */
export function encodeCursor({ occurredAt, chain, seq }: EventPlace): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigInt64BE(BigInt(occurredAt.getTime()), 0);
  bytes.writeUInt16BE(chain, 8);
  bytes.writeBigInt64BE(BigInt(seq), 10);
  return bytes.toString('base64url');
}

/** The last millisecond of the year 9999: a later one is written in a way that PostgreSQL does not read. */
const MAX_TIME = 253_402_300_799_999n;
const MAX_CHAIN = 0x7fff;

/**
 * The place after which the page of a cursor begins.
 *
 * @param cursor untrusted.
 * @throws {ServiceError} `request-invalid` for what {@link encodeCursor} never gives.
 */
export function decodeCursor(cursor: string): EventPlace {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== cursor)
    throw requestFault('/query/cursor', 'cursor');
  const time = bytes.readBigInt64BE(0);
  const chain = bytes.readUInt16BE(8);
  const seq = bytes.readBigInt64BE(10);
  if (time < 0n || time > MAX_TIME || chain > MAX_CHAIN || seq < 0n)
    throw requestFault('/query/cursor', 'cursor');
  return { occurredAt: new Date(Number(time)), chain, seq: Number(seq) };
}
