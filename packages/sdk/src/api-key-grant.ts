/**
 * @file The grant of an API key: what it is for, sealed under its key half by whoever made it. It is to the
 * holder of a key what the account state is to a login: exactly the vaults it lists are opened.
 */
import type { Wrap } from '@zkvault/contract';
import { encodeBase64Url, open, ProtocolError, type SealingKey, seal, wipe } from '@zkvault/crypto-core';
import type { ListedVault } from './account-state.ts';
import type { ApiKeyScope } from './api-key-management.ts';
import {
  arrayOf,
  counter,
  decodeDocument,
  encodeDocument,
  exactly,
  hash,
  invalid,
  oneOf,
  ordinal,
  text,
  uuid,
} from './sealed-json.ts';

/** Whose grant it is. */
export interface GrantPlace {
  readonly realm: string;
  readonly accountId: string;
  readonly keyId: string;
}

/** The decoded grant. */
export interface Grant extends GrantPlace {
  readonly scopes: readonly ApiKeyScope[];
  /** Those with manifests. */
  readonly vaults: readonly ListedVault[];
}

/** Seals a grant. */
export async function sealGrant(key: SealingKey<'apikey-grant'>, grant: Grant): Promise<Wrap> {
  const { realm, accountId, keyId } = grant;
  const plaintext = encodeDocument(toJson(grant));
  return seal(key, { object: 'apikey-grant', realm, accountId, keyId }, plaintext);
}

/**
 * Opens a grant and decodes it strictly.
 *
 * @param sealed untrusted.
 * @throws {IntegrityError} another key's, another account's, or altered.
 * @throws {ProtocolError} it does not say exactly what it must.
 */
export async function openGrant(
  key: SealingKey<'apikey-grant'>,
  place: GrantPlace,
  sealed: Wrap,
): Promise<Grant> {
  const { realm, accountId, keyId } = place;
  const plaintext = await open(key, { object: 'apikey-grant', realm, accountId, keyId }, sealed);
  const grant = decodeDocument(plaintext, 'grant', readGrant);
  wipe(plaintext);
  if (grant.realm !== realm || grant.accountId !== accountId || grant.keyId !== keyId)
    throw new ProtocolError('grant-contradiction', 'the grant contradicts its own place');
  return grant;
}

const readVault = exactly('vault', {
  id: uuid,
  vkEpoch: ordinal,
  role: oneOf('role', ['owner']),
  integrity: oneOf('integrity', ['manifest']),
  createdHash: hash,
  checkpoint: exactly('checkpoint', { seq: counter, hash }),
});

const readFields = exactly('grant', {
  v: oneOf('v', [1]),
  realm: text,
  accountId: uuid,
  keyId: uuid,
  scopes: arrayOf('scopes', oneOf('scope', ['entries:read', 'entries:write'])),
  vaults: arrayOf('vaults', readVault),
});

function readGrant(value: unknown): Grant {
  const { v, ...grant } = readFields(value);
  if (new Set(grant.vaults.map(({ id }) => id)).size !== grant.vaults.length) throw invalid('vaults');
  if (new Set(grant.scopes).size !== grant.scopes.length) throw invalid('scopes');
  return grant;
}

function toJson({ vaults, ...grant }: Grant): object {
  return {
    v: 1,
    ...grant,
    vaults: vaults.map((vault) => ({
      ...vault,
      createdHash: encodeBase64Url(vault.createdHash),
      checkpoint: { seq: vault.checkpoint.seq, hash: encodeBase64Url(vault.checkpoint.hash) },
    })),
  };
}
