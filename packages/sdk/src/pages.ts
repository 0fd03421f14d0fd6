/** @file Lists that come in pages. */
import { ProtocolError } from '@zkvault/crypto-core';

/** A server that never comes to an end is not asked for ever. */
const MAX_PAGES = 1_000;

/** One page of a list; `nextCursor` is null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** For the next page, as it is. */
  readonly nextCursor: string | null;
}

/**
 * Asks for page after page until there is no more.
 *
 * @throws {ProtocolError} `response-malformed`: the list does not come to an end.
 */
export async function collectPages<Item>(
  load: (position: { readonly cursor?: string }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer: Page<Item> = await load(cursor === null ? {} : { cursor });
    all.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) return all;
  }
  throw new ProtocolError('response-malformed', 'a list does not come to an end');
}
