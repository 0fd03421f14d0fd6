/** @file Cursors of the list of accounts: when the last one of a page was made, and its id. */
import { requestFault } from '../../lib/service-error.ts';

interface Position {
  readonly createdAt: Date;
  readonly id: string;
}

const BYTES = 24;
/** The last millisecond that every timestamp of the contract can say. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The cursor of the page that begins after an account: 32 characters of base64url. */
export function encodeCursor({ createdAt, id }: Position): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigUInt64BE(BigInt(createdAt.getTime()));
  bytes.write(id.replaceAll('-', ''), 8, 'hex');
  return bytes.toString('base64url');
}

/**
 * The place after which the page of a cursor begins.
 *
 * @param cursor untrusted.
 * @throws {ServiceError} `request-invalid` for what {@link encodeCursor} never gives.
 */
export function decodeCursor(cursor: string): Position {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== BYTES || bytes.toString('base64url') !== cursor) throw invalid();
  const ms = bytes.readBigUInt64BE();
  if (ms > BigInt(LAST_MS)) throw invalid();
  const id = bytes.toString('hex', 8).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { createdAt: new Date(Number(ms)), id };
}

function invalid(): Error {
  return requestFault('/query/cursor', 'cursor');
}
