/** @file The plain surface: entries of the caller's own default vault, for callers with a format of their own. */
import { type Static, Type } from '@sinclair/typebox';
import { Entry } from './entry-fields.ts';
import { IdempotencyHeaders, idempotencyRefusals } from './idempotency.ts';
import { Page, PageQuery } from './paging.ts';
import { apiKeyRefusals, defineRoute } from './route.ts';
import { EnvelopeFields, Uuid } from './scalars.ts';

const EntryParams = Type.Object({ id: Uuid }, { additionalProperties: false });
const EntryBody = Type.Object(EnvelopeFields, { additionalProperties: false });
const IfMatch = Type.Object({
  'if-match': Type.Optional(Type.String({ maxLength: 32, description: 'The ETag of the version replaced.' })),
});
const entryHeaders = { etag: '"<version>"' } as const;

/** Creates an entry in the default vault. */
export const createEntry = defineRoute({
  operationId: 'createEntry',
  method: 'POST',
  path: '/api/v1/entries',
  tag: 'entries',
  summary: 'Create an entry',
  description:
    'The default vault is the oldest one with integrity "none". Without an id the server makes one. A taken id is a conflict, also that of a deleted entry.',
  auth: 'session',
  apiKeyScope: 'entries:write',
  permission: 'content:write',
  headers: IdempotencyHeaders,
  body: Type.Object({ id: Type.Optional(Uuid), ...EnvelopeFields }, { additionalProperties: false }),
  bodyLimitBytes: 524_288,
  success: { status: 201, body: Entry },
  successHeaders: entryHeaders,
  refusals: [
    ...apiKeyRefusals,
    'invalid-token',
    'insufficient-permission',
    'vault-not-found',
    'conflict',
    ...idempotencyRefusals,
  ],
});

/** Lists the entries of the default vault. */
export const listEntries = defineRoute({
  operationId: 'listEntries',
  method: 'GET',
  path: '/api/v1/entries',
  tag: 'entries',
  summary: 'List entries',
  description:
    'In the order of their ids. A page may be shorter than the limit: nextCursor tells whether it was the last.',
  auth: 'session',
  apiKeyScope: 'entries:read',
  permission: 'content:read',
  query: PageQuery,
  success: { status: 200, body: Page(Entry) },
  refusals: [...apiKeyRefusals, 'invalid-token', 'insufficient-permission', 'vault-not-found'],
});

/** Reads one entry. */
export const getEntry = defineRoute({
  operationId: 'getEntry',
  method: 'GET',
  path: '/api/v1/entries/:id',
  tag: 'entries',
  summary: 'Read an entry',
  auth: 'session',
  apiKeyScope: 'entries:read',
  permission: 'content:read',
  params: EntryParams,
  success: { status: 200, body: Entry },
  successHeaders: entryHeaders,
  refusals: [...apiKeyRefusals, 'invalid-token', 'insufficient-permission', 'entry-not-found'],
});

/** Replaces an entry's envelope, if it still has the version named by If-Match. */
export const replaceEntry = defineRoute({
  operationId: 'replaceEntry',
  method: 'PUT',
  path: '/api/v1/entries/:id',
  tag: 'entries',
  summary: "Replace an entry's envelope",
  auth: 'session',
  apiKeyScope: 'entries:write',
  permission: 'content:write',
  params: EntryParams,
  headers: IfMatch,
  body: EntryBody,
  bodyLimitBytes: 524_288,
  success: { status: 200, body: Entry },
  successHeaders: entryHeaders,
  refusals: [
    ...apiKeyRefusals,
    'invalid-token',
    'insufficient-permission',
    'entry-not-found',
    'if-match-required',
    'version-stale',
  ],
});

/** Deletes an entry, if it still has the version named by If-Match. */
export const deleteEntry = defineRoute({
  operationId: 'deleteEntry',
  method: 'DELETE',
  path: '/api/v1/entries/:id',
  tag: 'entries',
  summary: 'Delete an entry',
  auth: 'session',
  apiKeyScope: 'entries:write',
  params: EntryParams,
  headers: IfMatch,
  success: { status: 204 },
  refusals: [...apiKeyRefusals, 'invalid-token', 'entry-not-found', 'if-match-required', 'version-stale'],
});

export type EntryEnvelope = Static<typeof EntryBody>;
