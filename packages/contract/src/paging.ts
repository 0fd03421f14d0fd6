/** @file Lists, page by page: how a page is asked for and what it looks like. */
import { type TSchema, Type } from '@sinclair/typebox';
import { Nullable } from './scalars.ts';

/** Bounds of one page. A page may be shorter than `limit` and still not be the last. */
export const PAGE_LIMITS = { min: 1, max: 1_000, default: 100 } as const;

/** The query of a list: `cursor` is the `nextCursor` of the page before. */
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: PAGE_LIMITS.min, maximum: PAGE_LIMITS.max })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })),
  },
  { additionalProperties: false },
);

/** One page of a list; `nextCursor` is null on the last one. */
export function Page<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), nextCursor: Nullable(Type.String()) });
}
