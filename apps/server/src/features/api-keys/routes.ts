/** @file The routes of API keys. Making one asks for the account's key again: a stolen access token is not enough. */
import {
  type ApiKey,
  type ApiKeySelf,
  createApiKey,
  deleteApiKey,
  getApiKey,
  getApiKeySelf,
  listApiKeys,
  rotateApiKey,
  type Wrap,
} from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf, apiKeyActorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { pageOf } from '../../http/paging.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import { scopesOf } from './authentication.ts';
import * as service from './service.ts';

/** Registers the routes of API keys. */
export async function apiKeysRoutes(app: FastifyInstance, deps: service.ApiKeysDeps): Promise<void> {
  contractRoute(app, createApiKey, async (request, reply) => {
    const { authKey, digest, ...wish } = request.body;
    const proof = proofOf(deps, request, authKey);
    const row = await service.createApiKey(deps, proof, { ...wish, digest: bytesOf(digest) });
    reply.header('location', `/api/v1/api-keys/${row.id}`);
    return toApiKey(row);
  });
  contractRoute(app, listApiKeys, async (request) => {
    const rows = await service.listApiKeys(deps, actorOf(request).userId);
    return pageOf(rows.map(toApiKey), request.query, ({ id }) => id);
  });
  contractRoute(app, getApiKeySelf, async (request) => {
    const { userId, apiKeyId } = apiKeyActorOf(request);
    return toSelf(await service.readOpening(deps, { ownerId: userId, apiKeyId }));
  });
  contractRoute(app, getApiKey, async (request) => toApiKey(await service.getApiKey(deps, refOf(request))));
  contractRoute(app, deleteApiKey, (request) =>
    service.deleteApiKey(deps, refOf(request), deps.audit.trailOf(originOf(request))),
  );
  contractRoute(app, rotateApiKey, async (request, reply) => {
    const { authKey, digest, ...next } = request.body;
    const proof = proofOf(deps, request, authKey);
    const parts = { ...next, digest: bytesOf(digest) };
    const row = await service.rotateApiKey(deps, proof, request.params.id, parts);
    reply.header('location', `/api/v1/api-keys/${row.id}`);
    return toApiKey(row);
  });
}

function proofOf(
  deps: service.ApiKeysDeps,
  request: FastifyRequest,
  authKey: string,
): Parameters<typeof service.createApiKey>[1] {
  return {
    userId: actorOf(request).userId,
    authKey: bytesOf(authKey),
    addressPrefix: addressPrefix(request.ip),
    trail: deps.audit.trailOf(originOf(request)),
  };
}

function bytesOf(base64url: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64url, 'base64url'));
}

/** The key that a request names, as one of the caller's. */
function refOf(request: FastifyRequest & { readonly params: { readonly id: string } }) {
  return { ownerId: actorOf(request).userId, apiKeyId: request.params.id };
}

function toApiKey(row: Awaited<ReturnType<typeof service.getApiKey>>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: scopesOf(row),
    vaultId: row.vault_id,
    rateLimit: row.rate_limit,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    replacedBy: row.replaced_by,
  };
}

function toSelf({ key, vaults }: service.Opening): ApiKeySelf {
  return {
    id: key.id,
    accountId: key.owner_id,
    scopes: scopesOf(key),
    vaultId: key.vault_id,
    expiresAt: key.expires_at?.toISOString() ?? null,
    grant: toWrap(key.grant_ciphertext, key.grant_iv, key.grant_tag),
    vaults: vaults.map(({ id, integrity, vk_epoch: vkEpoch, ciphertext, iv, tag }) => ({
      id,
      integrity,
      vkEpoch,
      wrap: toWrap(ciphertext, iv, tag),
    })),
  };
}

function toWrap(ciphertext: string | null, iv: string | null, tag: string | null): Wrap | null {
  return ciphertext === null || iv === null || tag === null ? null : { ciphertext, iv, tag };
}
