/**
 * @file From an API key and the server's answer to opened vaults: exactly those of the grant, or an error.
 * Nothing is sent but the question what the key opens.
 */
import { type ApiKeySelf, getApiKeySelf } from '@zkvault/contract';
import {
  type ApiKey,
  type ApiKeyKeys,
  apiKeyCredential,
  ProtocolError,
  unwrapVaultKey,
  type VaultKey,
  wipe,
} from '@zkvault/crypto-core';
import { type ListedVault, type Mark, markOf } from './account-state.ts';
import { type Grant, openGrant } from './api-key-grant.ts';
import { AuthError, IntegrityError } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** What an API key opened; the caller wipes the vault keys. */
export interface OpenedApiKey {
  readonly grant: Grant;
  /** Stands for the sealed grant: the same key never has another. */
  readonly grantMark: Mark;
  readonly vaultKeys: ReadonlyMap<string, VaultKey>;
}

/**
 * Asks what a key opens, and opens it.
 *
 * @throws {AuthError} `invalid-api-key`; `api-key-outdated`: a vault is gone, or has another key now.
 * @throws {IntegrityError} a grant or a wrap is of another key, vault or epoch, or the vaults are not those of
 *   the grant. @throws {ProtocolError} the answer is none.
 */
export async function openApiKey(
  deps: { readonly transport: Transport; readonly realm: string },
  apiKey: ApiKey,
  keys: ApiKeyKeys,
  options: CallOptions,
): Promise<OpenedApiKey> {
  const { realm } = deps;
  const request = { apiKey: apiKeyCredential(apiKey) };
  const answer = await deps.transport.call(getApiKeySelf, request, { ...options, idempotent: true });
  if (answer.id !== apiKey.id)
    throw new ProtocolError('response-malformed', 'the answer is about another API key');
  if (answer.grant === null)
    throw new ProtocolError('response-incomplete', 'the answer lacks the grant of the API key');
  const place = { realm, accountId: answer.accountId, keyId: apiKey.id };
  const grant = await openGrant(keys.grantKey, place, answer.grant);
  const vaultKeys = await unwrapVaultKeys(grant, answer, keys.wrappingKey);
  return { grant, grantMark: markOf({ ...answer.grant, seq: 0 }), vaultKeys };
}

type GivenVault = ApiKeySelf['vaults'][number];

async function unwrapVaultKeys(
  grant: Grant,
  answer: ApiKeySelf,
  key: ApiKeyKeys['wrappingKey'],
): Promise<ReadonlyMap<string, VaultKey>> {
  const { realm, accountId, keyId } = grant;
  const given = new Map(answer.vaults.map((vault) => [vault.id, vault]));
  if (given.size !== answer.vaults.length) throw differ();
  const vaultKeys = new Map<string, VaultKey>();
  try {
    for (const listed of grant.vaults) {
      const { id: vaultId, vkEpoch } = listed;
      const wrap = wrapOf(listed, given.get(vaultId));
      const place = { object: 'wrap/apikey', realm, accountId, vaultId, keyId, vkEpoch } as const;
      vaultKeys.set(vaultId, await unwrapVaultKey(key, place, wrap));
    }
    return vaultKeys;
  } catch (error) {
    wipe(...vaultKeys.values());
    throw error;
  }
}

function wrapOf(listed: ListedVault, vault: GivenVault | undefined) {
  if (vault === undefined) throw outdated();
  if (vault.integrity !== listed.integrity) throw differ();
  if (vault.wrap === null) throw outdated();
  if (vault.vkEpoch !== listed.vkEpoch) throw differ();
  return vault.wrap;
}

function differ(): IntegrityError {
  return new IntegrityError('vaults-differ', 'the vaults given are not those the API key was made for');
}

/** Also what a server says that withholds a wrap; either way nothing is shown, and a new key is needed. */
function outdated(): AuthError {
  return new AuthError(
    'api-key-outdated',
    'a vault of this API key is gone, or has another key now: make a new API key',
  );
}
