/** @file What an entry is on the wire; shared by the commit surface and the plain surface. */
import { type Static, Type } from '@sinclair/typebox';
import { Counter, EnvelopeFields, Instant, Ordinal, SchemaNumber, Uuid } from './scalars.ts';

/** How many versions of an entry the server keeps, the present one among them. */
export const ENTRY_HISTORY_LIMIT = 50;

/** One entry as the server keeps it. Title, type, dates and all else are inside the ciphertext. */
export const Entry = Type.Object(
  {
    id: Uuid,
    version: Ordinal,
    vkEpoch: Ordinal,
    schema: SchemaNumber,
    ...EnvelopeFields,
    revision: Counter,
    updatedAt: Instant,
  },
  { title: 'Entry' },
);
export type Entry = Static<typeof Entry>;
