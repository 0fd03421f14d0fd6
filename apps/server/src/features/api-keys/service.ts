/**
 * @file Rules of API keys: who may make how many, for which vaults, and how one takes the place of another.
 * What a key opens is sealed by its client; a wrap or a grant leaves only through {@link readOpening}.
 */
import {
  API_KEY_OVERLAP_SECONDS,
  API_KEYS_PER_ACCOUNT,
  type ApiKeyScope,
  type ApiKeyWrap,
  type Wrap,
} from '@zkvault/contract';
import type { Db, Tx, UserRow } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import type { AuthenticationEvent, SecurityEvents } from '../../lib/security-events.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Audit, Trail } from '../audit/service.ts';
import { findUser, lockUserAlone } from '../users/service.ts';
import { keepDigest } from './secret-hash.ts';
import {
  type ApiKeyRef,
  type ApiKeyRow,
  countApiKeys,
  deleteApiKeyRow,
  deletePredecessors,
  findApiKey,
  findOpening,
  insertApiKey,
  insertWraps,
  listApiKeyRows,
  listOpenedVaults,
  lockApiKey,
  type NewApiKeyRow,
  type OpenedVaultRow,
  type OpeningRow,
  removeOldApiKeys,
  replaceApiKey,
} from './store.ts';
import { assertWrapsFit } from './wraps.ts';

type Action = Extract<AuthenticationEvent['action'], `api-key-${string}`>;

/** A key offered as the present one. */
interface OfferedKey {
  /** 32 bytes. */
  readonly authKey: Uint8Array;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/** What API keys need. */
export interface ApiKeysDeps {
  readonly db: Db;
  readonly keyRing: KeyRing;
  readonly events: SecurityEvents;
  readonly audit: Audit;
  /**
   * Checks the present key of an account, as a rekey does.
   *
   * @throws {ServiceError} `current-key-wrong`; `overloaded`.
   */
  readonly proveKey: (user: UserRow, offered: OfferedKey & { readonly action: Action }) => Promise<void>;
}

/** Who asks, and the proof that the account is theirs. */
export interface OwnerProof extends OfferedKey {
  readonly userId: string;
}

/** The parts of a key that its client has made; untrusted, of the contract's form. */
export interface SealedParts {
  readonly id: string;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly wraps: readonly ApiKeyWrap[];
  readonly grant?: Wrap | undefined;
  readonly expiresAt?: string | undefined;
}

/** A key that is wished for. */
export interface ApiKeyWish extends SealedParts {
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly vaultId?: string | undefined;
  readonly rateLimit?: number | undefined;
}

/**
 * Makes a key.
 *
 * @throws {ServiceError} `current-key-wrong`; `too-many-api-keys`; `vault-not-found`; `conflict` for a taken id
 *   or a wrap of another epoch; `request-invalid` for a scope twice, an expiry in the past, or wraps that are
 *   not those of the vaults the key is for.
 */
export async function createApiKey(
  deps: ApiKeysDeps,
  proof: OwnerProof,
  wish: ApiKeyWish,
): Promise<ApiKeyRow> {
  if (new Set(wish.scopes).size !== wish.scopes.length) throw requestFault('/body/scopes', 'duplicate');
  const user = await prove(deps, proof, 'api-key-create');
  const row = await deps.db.transaction().execute(async (tx) => {
    await lockOwner(tx, user);
    if ((await countApiKeys(tx, user.id)) >= API_KEYS_PER_ACCOUNT)
      throw new ServiceError('too-many-api-keys');
    const vaultId = wish.vaultId ?? null;
    const made = await insertWhole(deps, tx, wish, {
      owner_id: user.id,
      vault_id: vaultId,
      name: wish.name,
      may_read: wish.scopes.includes('entries:read'),
      may_write: wish.scopes.includes('entries:write'),
      rate_limit: wish.rateLimit ?? null,
    });
    await record(tx, proof, 'api-key-created', made.id);
    return made;
  });
  note(deps, user, proof, 'api-key-create');
  return row;
}

/**
 * Makes a key that takes the place of another, which goes on working for a while.
 *
 * @throws {ServiceError} `current-key-wrong`; `api-key-not-found`; `conflict` if the old key has expired or was
 *   replaced already, for a taken id or a wrap of another epoch; `request-invalid` as {@link createApiKey}.
 */
export async function rotateApiKey(
  deps: ApiKeysDeps,
  proof: OwnerProof,
  apiKeyId: string,
  next: SealedParts & { readonly overlapSeconds?: number | undefined },
): Promise<ApiKeyRow> {
  const user = await prove(deps, proof, 'api-key-rotate');
  const ref = { ownerId: user.id, apiKeyId };
  const row = await deps.db.transaction().execute(async (tx) => {
    await lockOwner(tx, user);
    const old = await lockApiKey(tx, ref);
    if (old === undefined) throw new ServiceError('api-key-not-found');
    if (old.replaced_by !== null || old.is_expired) throw new ServiceError('conflict');
    const { owner_id, vault_id, name, may_read, may_write, rate_limit } = old;
    const made = await insertWhole(deps, tx, next, {
      owner_id,
      vault_id,
      name,
      may_read,
      may_write,
      rate_limit,
    });
    const overlapSeconds = next.overlapSeconds ?? API_KEY_OVERLAP_SECONDS.default;
    await deletePredecessors(tx, ref);
    await replaceApiKey(tx, ref, { id: made.id, overlapSeconds });
    await record(tx, proof, 'api-key-rotated', apiKeyId);
    return made;
  });
  note(deps, user, proof, 'api-key-rotate');
  return row;
}

/** The owner's keys, oldest first. */
export function listApiKeys({ db }: Pick<ApiKeysDeps, 'db'>, ownerId: string): Promise<ApiKeyRow[]> {
  return listApiKeyRows(db, ownerId);
}

/** One key. @throws {ServiceError} `api-key-not-found`. */
export async function getApiKey({ db }: Pick<ApiKeysDeps, 'db'>, ref: ApiKeyRef): Promise<ApiKeyRow> {
  const row = await findApiKey(db, ref);
  if (row === undefined) throw new ServiceError('api-key-not-found');
  return row;
}

/** Revokes a key, at once. @throws {ServiceError} `api-key-not-found`. */
export async function deleteApiKey(
  { db }: Pick<ApiKeysDeps, 'db'>,
  ref: ApiKeyRef,
  trail: Trail,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await deleteApiKeyRow(tx, ref))) throw new ServiceError('api-key-not-found');
    await record(tx, { userId: ref.ownerId, trail }, 'api-key-revoked', ref.apiKeyId);
  });
}

/** What the holder of a key needs to open its vaults. */
export interface Opening {
  readonly key: OpeningRow;
  readonly vaults: readonly OpenedVaultRow[];
}

/**
 * Reads what a key opens, for whoever has just shown it.
 *
 * @throws {ServiceError} `invalid-api-key` if it was revoked meanwhile.
 */
export async function readOpening({ db }: Pick<ApiKeysDeps, 'db'>, ref: ApiKeyRef): Promise<Opening> {
  const key = await findOpening(db, ref);
  if (key === undefined) throw new ServiceError('invalid-api-key');
  return { key, vaults: await listOpenedVaults(db, ref) };
}

/** How long a key that has expired is kept, to be seen in the list. */
const KEEP_SECONDS = 30 * 86_400;

/** Removes keys that expired long ago. @returns how many. */
export function removeExpiredApiKeys({ db }: Pick<ApiKeysDeps, 'db'>): Promise<number> {
  return removeOldApiKeys(db, KEEP_SECONDS);
}

async function prove(deps: ApiKeysDeps, proof: OwnerProof, action: Action): Promise<UserRow> {
  const user = await findUser(deps.db, proof.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  const { authKey, addressPrefix, trail } = proof;
  await deps.proveKey(user, { authKey, addressPrefix, trail, action });
  return user;
}

/** Makes the owner's keys change one after the other; and what was proven must still be the present key. */
async function lockOwner(tx: Tx, user: UserRow): Promise<void> {
  const present = await lockUserAlone(tx, user.id);
  if (present === undefined || !present.is_active) throw new ServiceError('invalid-token');
  if (present.credential_version !== user.credential_version) throw new ServiceError('current-key-wrong');
}

type OwnColumns = Pick<
  NewApiKeyRow,
  'owner_id' | 'vault_id' | 'name' | 'may_read' | 'may_write' | 'rate_limit'
>;

/** Inserts a key with its wraps, if they are those of the vaults it is for. */
async function insertWhole(
  { keyRing }: ApiKeysDeps,
  tx: Tx,
  parts: SealedParts,
  columns: OwnColumns,
): Promise<ApiKeyRow> {
  await assertWrapsFit(tx, { ownerId: columns.owner_id, vaultId: columns.vault_id ?? null }, parts.wraps);
  const { secretHash, keyId } = keepDigest(keyRing, parts.digest);
  const made = await insertApiKey(tx, {
    ...columns,
    id: parts.id,
    secret_hash: secretHash,
    key_id: keyId,
    grant_ciphertext: parts.grant?.ciphertext ?? null,
    grant_iv: parts.grant?.iv ?? null,
    grant_tag: parts.grant?.tag ?? null,
    expires_at: parts.expiresAt === undefined ? null : new Date(parts.expiresAt),
  });
  if (made === undefined) throw new ServiceError('conflict');
  if (made.is_expired) throw requestFault('/body/expiresAt', 'past');
  const wraps = parts.wraps.map(({ vaultId, vkEpoch, wrap }) => {
    const { ciphertext, iv, tag } = wrap;
    return { vault_id: vaultId, vk_epoch: vkEpoch, ciphertext, iv, tag };
  });
  if (wraps.length > 0) await insertWraps(tx, made.id, wraps);
  return made;
}

function record(
  tx: Tx,
  { userId, trail }: Pick<OwnerProof, 'userId' | 'trail'>,
  action: 'api-key-created' | 'api-key-rotated' | 'api-key-revoked',
  id: string,
): Promise<void> {
  const resource = { type: 'api-key', id } as const;
  return trail.record(tx, { action, outcome: 'success', subject: { userId }, resource });
}

function note(deps: ApiKeysDeps, user: UserRow, { addressPrefix }: OfferedKey, action: Action): void {
  deps.events.authentication({
    action,
    outcome: 'success',
    login: user.login,
    userId: user.id,
    addressPrefix,
  });
}
