/**
 * @file API keys: credentials for programs, each with scopes, for one vault or all.
 *
 * A key has two halves (docs/protocol.md section 4). The server learns a digest of the one that is sent, and
 * never the other, under which the vault keys and the grant are sealed.
 */
import { type Static, Type } from '@sinclair/typebox';
import { Page, PageQuery } from './paging.ts';
import { defineRoute } from './route.ts';
import { AuthKey, Base64UrlOf, Instant, Nullable, Ordinal, Uuid, Wrap } from './scalars.ts';
import { VAULTS_PER_ACCOUNT, VaultIntegrity } from './vaults.ts';

/** How many API keys an account may have; those that another has replaced are not counted. */
export const API_KEYS_PER_ACCOUNT = 50;

/** How long a replaced key goes on working, in seconds; a day unless the request says otherwise. */
export const API_KEY_OVERLAP_SECONDS = { min: 0, max: 604_800, default: 86_400 } as const;

/** Bounds of a key's own rate limit, in requests a minute. */
export const API_KEY_RATE_LIMIT = { min: 1, max: 1_000_000 } as const;

/** What a key may do in its vaults; also never more than the role of its account. */
export const ApiKeyScope = Type.Union([Type.Literal('entries:read'), Type.Literal('entries:write')]);
export type ApiKeyScope = Static<typeof ApiKeyScope>;

const Scopes = Type.Array(ApiKeyScope, { minItems: 1, maxItems: 2 });
const RateLimit = Type.Integer({ minimum: API_KEY_RATE_LIMIT.min, maximum: API_KEY_RATE_LIMIT.max });

/** SHA-256 of the credential `zkv_<id>_<auth half>` as it will be sent, 32 bytes. */
const Digest = Base64UrlOf(32);

/** One vault's key, sealed for this API key alone. */
export const ApiKeyWrap = Type.Object(
  { vaultId: Uuid, vkEpoch: Ordinal, wrap: Wrap },
  { additionalProperties: false, title: 'ApiKeyWrap' },
);
export type ApiKeyWrap = Static<typeof ApiKeyWrap>;

const sealedParts = {
  digest: Digest,
  wraps: Type.Array(ApiKeyWrap, { maxItems: VAULTS_PER_ACCOUNT }),
  grant: Type.Optional(Wrap),
};

/** An API key as its account sees it: nothing of it is secret. */
export const ApiKey = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    scopes: Scopes,
    vaultId: Nullable(Uuid),
    rateLimit: Nullable(RateLimit),
    createdAt: Instant,
    expiresAt: Nullable(Instant),
    lastUsedAt: Nullable(Instant),
    replacedBy: Nullable(Uuid),
  },
  {
    title: 'ApiKey',
    description:
      'vaultId null is all vaults of the account. lastUsedAt is at most a minute behind. A replaced key works until its expiresAt.',
  },
);
export type ApiKey = Static<typeof ApiKey>;

/** What the holder of a key needs to open its vaults. */
export const ApiKeySelf = Type.Object(
  {
    id: Uuid,
    accountId: Uuid,
    scopes: Scopes,
    vaultId: Nullable(Uuid),
    expiresAt: Nullable(Instant),
    grant: Nullable(Wrap),
    vaults: Type.Array(
      Type.Object({ id: Uuid, integrity: VaultIntegrity, vkEpoch: Ordinal, wrap: Nullable(Wrap) }),
      { maxItems: VAULTS_PER_ACCOUNT },
    ),
  },
  {
    title: 'ApiKeySelf',
    description:
      'Every vault the key is for. A wrap is null where there is none for this key and the present vkEpoch of the vault.',
  },
);
export type ApiKeySelf = Static<typeof ApiKeySelf>;

const ApiKeyParams = Type.Object({ id: Uuid }, { additionalProperties: false });

/** Makes an API key. */
export const createApiKey = defineRoute({
  operationId: 'createApiKey',
  method: 'POST',
  path: '/api/v1/api-keys',
  tag: 'api-keys',
  summary: 'Make an API key',
  description: `Without vaultId the key is for all vaults of the account, later ones too. A wrap is needed for each vault with integrity "manifest" that the key is for, and no other vault may have one. rateLimit is in requests a minute and cannot raise the server's own. At most ${API_KEYS_PER_ACCOUNT} keys.`,
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    {
      authKey: AuthKey,
      id: Uuid,
      name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
      scopes: Scopes,
      vaultId: Type.Optional(Uuid),
      expiresAt: Type.Optional(Instant),
      rateLimit: Type.Optional(RateLimit),
      ...sealedParts,
    },
    { additionalProperties: false },
  ),
  success: { status: 201, body: ApiKey },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'current-key-wrong',
    'vault-not-found',
    'conflict',
    'too-many-api-keys',
  ],
});

/** Lists the account's API keys. */
export const listApiKeys = defineRoute({
  operationId: 'listApiKeys',
  method: 'GET',
  path: '/api/v1/api-keys',
  tag: 'api-keys',
  summary: 'List the API keys of the account',
  description: 'Oldest first. Nothing secret and nothing sealed is among them.',
  auth: 'session',
  permission: 'self:read',
  query: PageQuery,
  success: { status: 200, body: Page(ApiKey) },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Reads what an API key opens; for its holder. */
export const getApiKeySelf = defineRoute({
  operationId: 'getApiKeySelf',
  method: 'GET',
  path: '/api/v1/api-keys/self',
  tag: 'api-keys',
  summary: 'What an API key needs to open its vaults',
  description: 'For the API key that asks: its own grant and wraps, which only its key half opens.',
  auth: 'api-key',
  permission: 'content:read',
  success: { status: 200, body: ApiKeySelf },
  refusals: ['invalid-api-key', 'insufficient-permission'],
});

/** Reads one API key. */
export const getApiKey = defineRoute({
  operationId: 'getApiKey',
  method: 'GET',
  path: '/api/v1/api-keys/:id',
  tag: 'api-keys',
  summary: 'Read an API key',
  auth: 'session',
  permission: 'self:read',
  params: ApiKeyParams,
  success: { status: 200, body: ApiKey },
  refusals: ['invalid-token', 'insufficient-permission', 'api-key-not-found'],
});

/** Revokes an API key, at once. */
export const deleteApiKey = defineRoute({
  operationId: 'deleteApiKey',
  method: 'DELETE',
  path: '/api/v1/api-keys/:id',
  tag: 'api-keys',
  summary: 'Revoke an API key',
  description: 'It stops working at once, and its wraps are deleted.',
  auth: 'session',
  permission: 'self:write',
  params: ApiKeyParams,
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'api-key-not-found'],
});

/** Replaces an API key by another one of the same name, scopes, vaults and limit. */
export const rotateApiKey = defineRoute({
  operationId: 'rotateApiKey',
  method: 'POST',
  path: '/api/v1/api-keys/:id/rotate',
  tag: 'api-keys',
  summary: 'Replace an API key',
  description: `The new key has the name, scopes, vaults and rate limit of the old one, and an expiry of its own. The old one goes on working for overlapSeconds (${API_KEY_OVERLAP_SECONDS.default} if left out, at most ${API_KEY_OVERLAP_SECONDS.max}), never beyond its own expiry, and then dies; the one that it had replaced dies now. A key can be replaced once, and not after it has expired: then the answer is conflict.`,
  auth: 'session',
  permission: 'self:write',
  params: ApiKeyParams,
  body: Type.Object(
    {
      authKey: AuthKey,
      id: Uuid,
      expiresAt: Type.Optional(Instant),
      overlapSeconds: Type.Optional(
        Type.Integer({ minimum: API_KEY_OVERLAP_SECONDS.min, maximum: API_KEY_OVERLAP_SECONDS.max }),
      ),
      ...sealedParts,
    },
    { additionalProperties: false },
  ),
  success: { status: 201, body: ApiKey },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'current-key-wrong',
    'api-key-not-found',
    'vault-not-found',
    'conflict',
  ],
});
