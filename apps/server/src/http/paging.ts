/** @file Pages of lists that are short by their nature: read whole, given out in parts. */
import { PAGE_LIMITS } from '@zkvault/contract';
import { requestFault } from '../lib/service-error.ts';

/**
 * Cuts a page out of a list.
 *
 * @param items all of them, in the order of the list.
 * @param query.cursor untrusted.
 * @param keyOf what names an item; the last one of a page is its cursor, so the list may grow meanwhile.
 * @throws {ServiceError} `request-invalid` for a cursor whose item is not there (any more): begin again.
 */
export function pageOf<Item>(
  items: readonly Item[],
  query: { readonly limit?: number; readonly cursor?: string },
  keyOf: (item: Item) => string,
): { items: Item[]; nextCursor: string | null } {
  const { limit = PAGE_LIMITS.default, cursor } = query;
  const start = cursor === undefined ? 0 : 1 + items.findIndex((item) => cursorOf(keyOf(item)) === cursor);
  if (cursor !== undefined && start === 0) throw requestFault('/query/cursor', 'cursor');
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  const isLast = last === undefined || start + limit >= items.length;
  return { items: page, nextCursor: isLast ? null : cursorOf(keyOf(last)) };
}

/** In a form that nobody takes for a key. */
function cursorOf(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}
