/**
 * @file Vault-key rotation: entries sealed anew are staged beside the present ones, and one request
 * puts them in their place (docs/protocol.md section 8, ADR 0020).
 */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { Counter, EnvelopeFields, Ordinal, SchemaNumber, Sealed, Uuid, Wrap } from './scalars.ts';
import { COMMIT_LIMITS, Vault, VaultParams } from './vaults.ts';

/** Bounds of one batch of staged entries. */
export const STAGING_LIMITS = {
  minEntries: 1,
  maxEntries: 1_000,
  maxBytes: COMMIT_LIMITS.maxBytes,
} as const;

/** After so many hours without a new batch, staged entries are forgotten. */
export const STAGING_HOURS = 24;

/** An entry at its present version, sealed under the next vault key. */
export const StagedEntry = Type.Object(
  { id: Uuid, version: Ordinal, schema: SchemaNumber, ...EnvelopeFields },
  { additionalProperties: false, title: 'StagedEntry' },
);
export type StagedEntry = Static<typeof StagedEntry>;

/** Keeps entries for the next vault key, where no reader sees them. */
export const stageEntries = defineRoute({
  operationId: 'stageEntries',
  method: 'POST',
  path: '/api/v1/vaults/:vaultId/rotation',
  tag: 'vaults',
  summary: 'Stage entries sealed under the next vault key',
  description: `A vault has one staging area: another rotationId empties it first. An id may occur once. The same batch may be sent again; an older version never replaces a newer one. vkEpoch must be the present one plus 1, and every entry must be there at that version, otherwise it is a conflict. Nobody reads what is staged; after ${STAGING_HOURS} hours without a batch it is forgotten.`,
  auth: 'session',
  permission: 'content:write',
  params: VaultParams,
  body: Type.Object(
    {
      rotationId: Uuid,
      vkEpoch: Ordinal,
      entries: Type.Array(StagedEntry, {
        minItems: STAGING_LIMITS.minEntries,
        maxItems: STAGING_LIMITS.maxEntries,
      }),
    },
    { additionalProperties: false },
  ),
  bodyLimitBytes: STAGING_LIMITS.maxBytes,
  success: { status: 200, body: Type.Object({ staged: Counter }, { title: 'Staged' }) },
  refusals: ['invalid-token', 'insufficient-permission', 'vault-not-found', 'conflict'],
});

/** Puts the next vault key, and what was staged for it, in the place of the present one. */
export const replaceVault = defineRoute({
  operationId: 'replaceVault',
  method: 'PUT',
  path: '/api/v1/vaults/:vaultId',
  tag: 'vaults',
  summary: "Replace a vault's key, and every entry by the staged one",
  description:
    'All or nothing. vkEpoch must be the present one plus 1. An account with an account state sends its next one in the same request. A manifest vault needs rotationId and the manifest of the next seq; with integrity "none" they are left out to replace the wrap alone, or rotationId is given to replace the entries too. With a rotationId every entry must be staged at its present version; then seq rises by one, deletions and earlier versions are forgotten. The wrap is null in the answer.',
  auth: 'session',
  permission: 'content:write',
  params: VaultParams,
  body: Type.Object(
    {
      vkEpoch: Ordinal,
      wrap: Wrap,
      rotationId: Type.Optional(Uuid),
      manifest: Type.Optional(Sealed),
      accountState: Type.Optional(Sealed),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: Vault },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'vault-not-found',
    'conflict',
    'rotation-incomplete',
    'manifest-required',
  ],
});
