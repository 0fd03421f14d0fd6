/** @file Vaults: their keys as the server keeps them, their one write path and their changes. */
import { type Static, Type } from '@sinclair/typebox';
import { ENTRY_HISTORY_LIMIT, Entry } from './entry-fields.ts';
import { IdempotencyHeaders, idempotencyRefusals } from './idempotency.ts';
import { Page, PageQuery } from './paging.ts';
import { apiKeyRefusals, defineRoute } from './route.ts';
import {
  Counter,
  EnvelopeFields,
  Instant,
  Nullable,
  Ordinal,
  SchemaNumber,
  Sealed,
  Uuid,
  Wrap,
} from './scalars.ts';

/** Bounds of one commit. */
export const COMMIT_LIMITS = { minOperations: 1, maxOperations: 1_000, maxBytes: 8_388_608 } as const;

/** Bounds of one page of changes: entries, deletions and manifests are each at most this many. */
export const CHANGES_LIMITS = { min: 1, max: 1_000, default: 500 } as const;

/** How many vaults an account may have. */
export const VAULTS_PER_ACCOUNT = 100;

/** `manifest`: the SDK's, every write needs one. `none`: for callers with a format of their own. */
export const VaultIntegrity = Type.Union([Type.Literal('manifest'), Type.Literal('none')]);
export type VaultIntegrity = Static<typeof VaultIntegrity>;

const vaultFields = {
  id: Uuid,
  integrity: VaultIntegrity,
  role: Type.Literal('owner'),
  vkEpoch: Ordinal,
  wrap: Nullable(Wrap),
  manifest: Nullable(Sealed),
};

/**
 * A vault as a client makes it. With `integrity: "manifest"` both `wrap` and a manifest of seq 0
 * are needed; with `"none"` the manifest is null.
 */
export const NewVault = Type.Object(vaultFields, { additionalProperties: false, title: 'NewVault' });
export type NewVault = Static<typeof NewVault>;

/** A vault as the server answers it; `revision` and `seq` are those of its newest commit. */
export const Vault = Type.Object({ ...vaultFields, revision: Counter, seq: Counter }, { title: 'Vault' });
export type Vault = Static<typeof Vault>;

/** Names one vault in a path. */
export const VaultParams = Type.Object({ vaultId: Uuid }, { additionalProperties: false });

/** Lists the caller's vaults. Wraps are not among them: only a login gives those. */
export const listVaults = defineRoute({
  operationId: 'listVaults',
  method: 'GET',
  path: '/api/v1/vaults',
  tag: 'vaults',
  summary: 'List the vaults of the account',
  description: 'Oldest first. The wrap is null here: key material is given only in the answer to a login.',
  auth: 'session',
  permission: 'content:read',
  query: PageQuery,
  success: { status: 200, body: Page(Vault) },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Creates a vault, together with the account state that lists it. */
export const createVault = defineRoute({
  operationId: 'createVault',
  method: 'POST',
  path: '/api/v1/vaults',
  tag: 'vaults',
  summary: 'Create a vault',
  description:
    'An account with an account state sends its next one in the same request. The wrap is null in the answer.',
  auth: 'session',
  permission: 'content:write',
  headers: IdempotencyHeaders,
  body: Type.Object(
    { vault: NewVault, accountState: Type.Optional(Sealed) },
    { additionalProperties: false },
  ),
  success: { status: 201, body: Vault },
  refusals: ['invalid-token', 'insufficient-permission', 'conflict', ...idempotencyRefusals],
});

/** Deletes a vault with all that is in it. */
export const deleteVault = defineRoute({
  operationId: 'deleteVault',
  method: 'DELETE',
  path: '/api/v1/vaults/:vaultId',
  tag: 'vaults',
  summary: 'Delete a vault and everything in it',
  description:
    'Any vault may be deleted, the last one too: then the plain surface answers vault-not-found until there is another with integrity "none". A client with an account state first replaces it by one that does not list the vault.',
  auth: 'session',
  permission: 'content:write',
  params: VaultParams,
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'vault-not-found'],
});

/** Saves an entry: version 1 creates it, any other must follow the one that is there. */
export const PutOperation = Type.Object(
  {
    op: Type.Literal('put'),
    id: Uuid,
    version: Ordinal,
    vkEpoch: Ordinal,
    schema: SchemaNumber,
    ...EnvelopeFields,
  },
  { additionalProperties: false, title: 'PutOperation' },
);
export type PutOperation = Static<typeof PutOperation>;

/** Deletes an entry; `version` is the deletion's own, the last one plus 1. */
export const DeleteOperation = Type.Object(
  { op: Type.Literal('delete'), id: Uuid, version: Ordinal },
  { additionalProperties: false, title: 'DeleteOperation' },
);
export type DeleteOperation = Static<typeof DeleteOperation>;

/** Writes to a vault, all or nothing, if nothing was written since `baseSeq`. */
export const commitVault = defineRoute({
  operationId: 'commitVault',
  method: 'POST',
  path: '/api/v1/vaults/:vaultId/commits',
  tag: 'vaults',
  summary: 'Write to a vault, all or nothing',
  description:
    'An entry id may occur once. A deleted entry keeps its id: it cannot be put again. vkEpoch must be that of the vault. In a manifest vault the manifest has seq baseSeq + 1. A stale baseSeq, version or vkEpoch is a conflict.',
  auth: 'session',
  apiKeyScope: 'entries:write',
  permission: 'content:write',
  params: VaultParams,
  headers: IdempotencyHeaders,
  body: Type.Object(
    {
      baseSeq: Counter,
      operations: Type.Array(Type.Union([PutOperation, DeleteOperation]), {
        minItems: COMMIT_LIMITS.minOperations,
        maxItems: COMMIT_LIMITS.maxOperations,
      }),
      manifest: Type.Optional(Sealed),
    },
    { additionalProperties: false },
  ),
  bodyLimitBytes: COMMIT_LIMITS.maxBytes,
  success: { status: 200, body: Type.Object({ revision: Counter, seq: Counter }, { title: 'Commit' }) },
  refusals: [
    ...apiKeyRefusals,
    'invalid-token',
    'insufficient-permission',
    'vault-not-found',
    'conflict',
    'manifest-required',
    ...idempotencyRefusals,
  ],
});

/** A deleted entry: what is left of it is its last version number. */
export const Deletion = Type.Object({ id: Uuid, version: Ordinal }, { title: 'Deletion' });
export type Deletion = Static<typeof Deletion>;

/** One page of what changed in a vault. */
export const Changes = Type.Object(
  {
    revision: Counter,
    seq: Counter,
    vkEpoch: Ordinal,
    manifest: Nullable(Sealed),
    manifests: Type.Array(Sealed),
    entries: Type.Array(Entry),
    deleted: Type.Array(Deletion),
    nextSince: Nullable(Counter),
  },
  {
    title: 'Changes',
    description:
      'revision, seq, vkEpoch and manifest are the head at the time of the page. A client that holds the key of a lower vkEpoch logs in to be given the present one. nextSince is null on the last page, and then the entries and deletions of all pages are exactly the set of the head.',
  },
);
export type Changes = Static<typeof Changes>;

/** What changed in a vault since a revision. */
export const getChanges = defineRoute({
  operationId: 'getChanges',
  method: 'GET',
  path: '/api/v1/vaults/:vaultId/changes',
  tag: 'vaults',
  summary: 'What changed in a vault since a revision',
  description:
    'since=0 is the whole vault. A page may be shorter than the limit: nextSince tells whether it was the last. manifests are those committed after `since`, oldest first; manifestsAfter leaves out those up to that seq.',
  auth: 'session',
  apiKeyScope: 'entries:read',
  permission: 'content:read',
  params: VaultParams,
  query: Type.Object(
    {
      since: Type.Optional(Counter),
      limit: Type.Optional(Type.Integer({ minimum: CHANGES_LIMITS.min, maximum: CHANGES_LIMITS.max })),
      manifestsAfter: Type.Optional(Counter),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: Changes },
  refusals: [...apiKeyRefusals, 'invalid-token', 'insufficient-permission', 'vault-not-found'],
});

/** An earlier (or the present) envelope of an entry. */
export const EntryVersion = Type.Object(
  {
    version: Ordinal,
    vkEpoch: Ordinal,
    schema: SchemaNumber,
    ...EnvelopeFields,
    updatedAt: Instant,
  },
  { title: 'EntryVersion' },
);
export type EntryVersion = Static<typeof EntryVersion>;

/** The versions of an entry, newest first. */
export const listEntryVersions = defineRoute({
  operationId: 'listEntryVersions',
  method: 'GET',
  path: '/api/v1/vaults/:vaultId/entries/:entryId/versions',
  tag: 'vaults',
  summary: 'Versions of an entry, newest first',
  description: `The newest ${ENTRY_HISTORY_LIMIT} versions are kept. A deleted entry has none.`,
  auth: 'session',
  apiKeyScope: 'entries:read',
  permission: 'content:read',
  params: Type.Object({ vaultId: Uuid, entryId: Uuid }, { additionalProperties: false }),
  query: PageQuery,
  success: { status: 200, body: Page(EntryVersion) },
  refusals: [
    ...apiKeyRefusals,
    'invalid-token',
    'insufficient-permission',
    'vault-not-found',
    'entry-not-found',
  ],
});

/** Replaces the account state, if nobody else did. */
export const replaceAccountState = defineRoute({
  operationId: 'replaceAccountState',
  method: 'PUT',
  path: '/api/v1/account-state',
  tag: 'vaults',
  summary: 'Replace the account state',
  description: 'seq must be the present one plus 1. The present one is never given for a token.',
  auth: 'session',
  permission: 'content:write',
  body: Type.Object({ accountState: Sealed }, { additionalProperties: false }),
  success: { status: 200, body: Type.Object({ seq: Counter }) },
  refusals: ['invalid-token', 'insufficient-permission', 'conflict'],
});
