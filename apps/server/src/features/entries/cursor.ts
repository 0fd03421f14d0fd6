/** @file Cursors of the list of entries: the last id of a page, in a form that nobody takes for an id. */
import { requestFault } from '../../lib/service-error.ts';

/** The cursor of the page that begins after an entry: 22 characters of base64url. */
export function encodeCursor(entryId: string): string {
  return Buffer.from(entryId.replaceAll('-', ''), 'hex').toString('base64url');
}

/**
 * The id after which the page of a cursor begins.
 *
 * @param cursor untrusted.
 * @throws {ServiceError} `request-invalid` for what {@link encodeCursor} never gives.
 */
export function decodeCursor(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 16 || bytes.toString('base64url') !== cursor)
    throw requestFault('/query/cursor', 'cursor');
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
