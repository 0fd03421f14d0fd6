/**
 * @file Makes, lists, revokes and rotates API keys. Everything that opens a vault is made and sealed here; the
 * server gets a digest of one half of the key and nothing of the other.
 */
import {
  type ApiKey as ApiKeyAnswer,
  type ApiKeyWrap,
  createApiKey,
  DecodeError,
  decode,
  deleteApiKey,
  getApiKey,
  listApiKeys,
  rotateApiKey,
} from '@zkvault/contract';
import {
  apiKeyCredential,
  apiKeyDigest,
  deriveApiKeyKeys,
  encodeApiKey,
  encodeBase64Url,
  makeApiKey,
  ProtocolError,
  unwrapVaultKey,
  wipe,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import type { ListedVault } from './account-state.ts';
import { type Grant, sealGrant } from './api-key-grant.ts';
import type { ApiKeyManagement, ApiKeySummary } from './api-key-management.ts';
import { IntegrityError, NotFoundError } from './errors.ts';
import { makePasswordProof, type ProofDeps, type Proven } from './password-proof.ts';

/** Keys in one request, and how many requests before a server that never ends is given up on. */
const PAGE = 100;
const MAX_PAGES = 100;

/** Makes the API keys' part of a client. */
export function makeApiKeyManagement(deps: ProofDeps): ApiKeyManagement {
  const withPassword = makePasswordProof(deps);
  const realm = () => deps.settings().realm;
  return {
    async create({ password, ...wish }, options = {}) {
      assertWish(wish);
      return withPassword(password, async (proven) => {
        const { client, authKey } = proven;
        const made = await makeParts(realm(), proven, wish);
        const body = { ...definedOf(wish), scopes: [...wish.scopes], authKey, ...made.parts };
        const answer = await client.calls.send(createApiKey, { body }, options);
        return { apiKey: sealedSummary(answer, made.parts.id, wish), token: made.token };
      });
    },
    async list(options = {}) {
      const { calls } = await deps.opened();
      const found: ApiKeySummary[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor !== null && { cursor }) };
        const answer = await calls.send(listApiKeys, { query }, { ...options, idempotent: true });
        found.push(...answer.items.map((item) => toSummary(item, item.id)));
        cursor = answer.nextCursor;
        if (cursor === null) return found;
      }
      throw new ProtocolError('response-malformed', 'the list of API keys does not come to an end');
    },
    async revoke(id, options = {}) {
      const { calls } = await deps.opened();
      await calls.send(deleteApiKey, { params: { id } }, options);
    },
    async rotate({ password, id, ...next }, options = {}) {
      return withPassword(password, async (proven) => {
        const { calls } = proven.client;
        const old = toSummary(
          await calls.send(getApiKey, { params: { id } }, { ...options, idempotent: true }),
          id,
        );
        const { vaultId, scopes } = old;
        const wish = { scopes, ...(vaultId !== null && { vaultId }) };
        const made = await makeParts(realm(), proven, wish);
        const body = { ...definedOf(next), authKey: proven.authKey, ...made.parts };
        const answer = await calls.send(rotateApiKey, { params: { id }, body }, options);
        return { apiKey: sealedSummary(answer, made.parts.id, wish), token: made.token };
      });
    },
  };
}

type Wish = Pick<Grant, 'scopes'> & { readonly vaultId?: string | undefined };

/** Refuses what the server would, before the password is worked on. @throws {RangeError} */
function assertWish(wish: object & Pick<Wish, 'scopes'>): void {
  const { properties } = createApiKey.body;
  for (const [name, value] of Object.entries(definedOf(wish))) {
    const schema = properties[name as keyof typeof properties];
    try {
      decode(schema, value);
    } catch (error) {
      if (error instanceof DecodeError) throw new RangeError(`${name} of an API key is out of bounds`);
      throw error;
    }
  }
  if (new Set(wish.scopes).size !== wish.scopes.length) throw new RangeError('a scope may be given once');
}

/** Makes a key, and seals for it what it is for. */
async function makeParts(realm: string, { client, account }: Proven, wish: Wish) {
  const { session } = client;
  const { accountId } = account;
  const all = session.accountState().vaults.filter(({ integrity }) => integrity === 'manifest');
  const listed = wish.vaultId === undefined ? all : all.filter(({ id }) => id === wish.vaultId);
  if (listed.length === 0) throw new NotFoundError('vault-not-found', 'the account has no such vault');
  const apiKey = makeApiKey(crypto.randomUUID());
  const keyId = apiKey.id;
  const keys = deriveApiKeyKeys(apiKey.keyHalf);
  try {
    const pins = await client.pins.read();
    const vaults = listed.map((vault) => withNewest(vault, pins?.vaults[vault.id]));
    const grant = await sealGrant(keys.grantKey, { realm, accountId, keyId, scopes: wish.scopes, vaults });
    const wraps: ApiKeyWrap[] = [];
    for (const vault of listed) {
      const vaultKey = await vaultKeyOf(realm, { client, account }, vault);
      const place = { object: 'wrap/apikey', realm, accountId, vaultId: vault.id, keyId } as const;
      const { vkEpoch } = vault;
      const wrap = await wrapVaultKey(keys.wrappingKey, { ...place, vkEpoch }, vaultKey);
      wipe(vaultKey);
      wraps.push({ vaultId: vault.id, vkEpoch, wrap });
    }
    const digest = encodeBase64Url(apiKeyDigest(apiKeyCredential(apiKey)));
    return { token: encodeApiKey(apiKey), parts: { id: keyId, digest, wraps, grant } };
  } finally {
    wipe(apiKey.authHalf, apiKey.keyHalf, ...Object.values(keys));
  }
}

/** A vault with the newest commit that this device verified, so that the key's holder starts from there. */
function withNewest(vault: ListedVault, pin: ListedVault['checkpoint'] | undefined): ListedVault {
  const { checkpoint } = vault;
  if (pin === undefined || pin.seq <= checkpoint.seq) return vault;
  return { ...vault, checkpoint: { seq: pin.seq, hash: pin.hash } };
}

/** The session keeps only what is derived from a vault key; its wrap is stored and opens once more. */
async function vaultKeyOf(
  realm: string,
  { client, account }: Pick<Proven, 'client' | 'account'>,
  { id: vaultId, vkEpoch, role }: ListedVault,
) {
  const stored = account.vaults.find(({ id }) => id === vaultId);
  if (stored?.vkEpoch !== vkEpoch)
    throw new IntegrityError('vaults-differ', 'the vaults stored are not those the account state lists');
  const { vaultWrappingKey } = client.session.accountKeys();
  const { accountId } = account;
  const place = { object: 'vaultkey', realm, accountId, vaultId, vkEpoch, role } as const;
  return unwrapVaultKey(vaultWrappingKey, place, stored.wrap);
}

/**
 * The summary of a key that was just made. What it is for must be what was sealed: after a rotation it is all
 * that tells the caller which key the server had made.
 *
 * @throws {ProtocolError} the answer is about another key, or says that this one is for something else.
 */
function sealedSummary(answer: ApiKeyAnswer, id: string, { scopes, vaultId }: Wish): ApiKeySummary {
  const summary = toSummary(answer, id);
  const isSealed =
    summary.vaultId === (vaultId ?? null) && summary.scopes.toSorted().join() === scopes.toSorted().join();
  if (!isSealed)
    throw new ProtocolError('response-malformed', 'the answer is about an API key for something else');
  return { ...summary, scopes: [...scopes] };
}

/** @throws {ProtocolError} the answer is about another key. */
function toSummary(answer: ApiKeyAnswer, id: string): ApiKeySummary {
  if (answer.id !== id) throw new ProtocolError('response-malformed', 'the answer is about another API key');
  const { name, scopes, vaultId, rateLimit, createdAt, expiresAt, lastUsedAt, replacedBy } = answer;
  // In one order, whichever the server says them in: they are sealed so in the key that replaces this one.
  const ordered = scopes.toSorted();
  return { id, name, scopes: ordered, vaultId, rateLimit, createdAt, expiresAt, lastUsedAt, replacedBy };
}

/** Without the fields that are undefined, which no schema takes. */
function definedOf<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
