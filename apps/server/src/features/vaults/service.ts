/**
 * @file Rules of vaults: who has which, what may follow what, what is given to whom.
 * A wrap leaves only through {@link listOwnVaults} with `withWraps`, for the answer to a login.
 */

import {
  type AuditDetails,
  type NewVault,
  type Sealed,
  VAULTS_PER_ACCOUNT,
  type Vault,
  type Wrap,
} from '@zkvault/contract';
import type { Db, Tx } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import { makeUuid7 } from '../../lib/uuid.ts';
import type { Audit, Trail } from '../audit/service.ts';
import type { Idempotency } from '../idempotency/service.ts';
import { advanceAccountState } from '../users/account-state-service.ts';
import { type ChangeRow, listVersions, readChanges, type VersionRow } from './changes-store.ts';
import { type Commit, writeCommit } from './commit-service.ts';
import type { CommittedHead } from './commit-store.ts';
import {
  countVaults,
  deleteVaultRow,
  findVault,
  hasVault,
  insertManifests,
  insertVaults,
  listVaultRows,
  lockDefaultVault,
  lockVault,
  shareVaults,
  type VaultRef,
  type VaultRowWithManifest,
} from './store.ts';

/** For the rotation of the account key, which wraps the same vault keys anew. */
export { lockWrappedVaults, replaceWraps } from './store.ts';

/** For the plain surface, which writes through the same function as the commit surface. */
/** For API keys, which are for vaults of one owner. */
export { lockDefaultVault, shareVaults, writeCommit };

/** What the vault features need. */
export interface VaultsDeps {
  readonly db: Db;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
}

/** Most characters of ciphertext, and of manifests, in one page: as much as a commit may bring. */
const MAX_PAGE_CHARACTERS = 8_388_608;

/**
 * The owner's vaults, oldest first.
 *
 * @param options.withWraps true only in the answer to a successful login.
 */
export async function listOwnVaults(
  db: Db,
  ownerId: string,
  options: { readonly withWraps: boolean },
): Promise<Vault[]> {
  const rows = await listVaultRows(db, ownerId);
  return rows.map((row) => ({ ...toVault(row), wrap: options.withWraps ? toWrap(row) : null }));
}

/**
 * Makes the vaults that come with a registration.
 *
 * @param vaults untrusted, of the contract's form.
 * @throws {ServiceError} `request-invalid` for a vault whose parts do not belong together;
 *   `registration-refused` if a vault id is taken.
 */
export async function createFirstVaults(tx: Tx, ownerId: string, vaults: readonly NewVault[]): Promise<void> {
  const ids = new Set<string>();
  for (const [index, vault] of vaults.entries()) {
    assertVaultWhole(vault, `/body/vaults/${index}`);
    if (ids.has(vault.id)) throw requestFault(`/body/vaults/${index}/id`, 'duplicate');
    ids.add(vault.id);
  }
  if (!(await insertNewVaults(tx, ownerId, vaults))) throw new ServiceError('registration-refused');
}

/** Makes the default vault of an account that brings its own format. */
export async function createPlainVault(tx: Tx, ownerId: string): Promise<void> {
  const vault = { id: makeUuid7(), integrity: 'none', role: 'owner', vkEpoch: 1 } as const;
  await insertNewVaults(tx, ownerId, [{ ...vault, wrap: null, manifest: null }]);
}

/**
 * Creates a vault, and the account state that lists it, in one step.
 *
 * @throws {ServiceError} `request-invalid` for a vault whose parts do not belong together, for an account
 *   state too many or too few, or beyond the number of vaults an account may have; `conflict` for a taken
 *   id, or an account state that is not the next one.
 */
export async function createVault(
  tx: Tx,
  ownerId: string,
  wish: { readonly vault: NewVault; readonly accountState?: Sealed | undefined },
  trail: Trail,
): Promise<Vault> {
  assertVaultWhole(wish.vault, '/body/vault');
  await advanceAccountState(tx, ownerId, wish.accountState);
  if ((await countVaults(tx, ownerId)) >= VAULTS_PER_ACCOUNT) throw requestFault('/body/vault', 'too-many');
  if (!(await insertNewVaults(tx, ownerId, [wish.vault]))) throw new ServiceError('conflict');
  const ref = { ownerId, vaultId: wish.vault.id };
  await recordVault(tx, trail, ref, { action: 'vault-created' });
  return getVault(tx, ref);
}

/**
 * Deletes a vault and everything in it.
 *
 * @throws {ServiceError} `vault-not-found`.
 */
export async function deleteVault({ db }: VaultsDeps, ref: VaultRef, trail: Trail): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await deleteVaultRow(tx, ref))) throw new ServiceError('vault-not-found');
    await recordVault(tx, trail, ref, { action: 'vault-deleted' });
  });
}

/** Records what happened to a vault as a whole. */
export function recordVault(
  tx: Tx,
  trail: Trail,
  { ownerId, vaultId }: VaultRef,
  event: {
    readonly action: 'vault-created' | 'vault-replaced' | 'vault-deleted';
    readonly details?: AuditDetails;
  },
): Promise<void> {
  const subject = { userId: ownerId };
  const resource = { type: 'vault', id: vaultId } as const;
  return trail.record(tx, { outcome: 'success', subject, resource, ...event });
}

/**
 * Replaces the account state.
 *
 * @returns its new seq.
 * @throws {ServiceError} `conflict` if it is not the next one; `request-invalid` if the account has none.
 */
export async function replaceAccountState(
  { db }: Pick<VaultsDeps, 'db'>,
  ownerId: string,
  accountState: Sealed,
): Promise<number> {
  await db.transaction().execute((tx) => advanceAccountState(tx, ownerId, accountState));
  return accountState.seq;
}

/**
 * Writes to a vault, all or nothing, if nothing was written since `baseSeq`.
 *
 * @throws {ServiceError} `vault-not-found`; `conflict` with the vault's seq; and those of {@link writeCommit}.
 */
export async function commitVault(
  tx: Tx,
  ref: VaultRef,
  commit: Commit,
  trail: Trail,
): Promise<CommittedHead> {
  const vault = await lockVault(tx, ref);
  if (vault === undefined) throw new ServiceError('vault-not-found');
  const head = await writeCommit(tx, vault, commit, trail);
  if (head === undefined) throw new ServiceError('conflict', { seq: vault.seq });
  return head;
}

/**
 * One page of what changed in a vault, by revision.
 *
 * @returns exactly one row of kind `head`, and the rows of the page.
 * @throws {ServiceError} `vault-not-found`.
 */
export async function getChanges(
  { db }: VaultsDeps,
  ref: VaultRef,
  page: { readonly since: number; readonly limit: number; readonly manifestsAfter?: number | undefined },
): Promise<ChangeRow[]> {
  const rows = await readChanges(db, ref, {
    since: page.since,
    limit: page.limit,
    manifestsAfter: page.manifestsAfter ?? -1,
    maxCharacters: MAX_PAGE_CHARACTERS,
  });
  if (rows.length === 0) throw new ServiceError('vault-not-found');
  return rows;
}

/**
 * The versions of an entry, newest first.
 *
 * @throws {ServiceError} `vault-not-found`; `entry-not-found`, also if it is deleted.
 */
export async function listEntryVersions(
  { db }: VaultsDeps,
  ref: VaultRef & { readonly entryId: string },
): Promise<VersionRow[]> {
  const rows = await listVersions(db, ref);
  if (rows.length > 0) return rows;
  throw new ServiceError((await hasVault(db, ref)) ? 'entry-not-found' : 'vault-not-found');
}

/** A vault of the owner, without its wrap. @throws {ServiceError} `vault-not-found`. */
export async function getVault(db: Db, ref: VaultRef): Promise<Vault> {
  const row = await findVault(db, ref);
  if (row === undefined) throw new ServiceError('vault-not-found');
  return toVault(row);
}

/** What the contract's form alone cannot say of a new vault. */
function assertVaultWhole(vault: NewVault, pointer: string): void {
  if (vault.integrity === 'none') {
    if (vault.manifest !== null) throw requestFault(`${pointer}/manifest`, 'unexpected');
    return;
  }
  if (vault.wrap === null) throw requestFault(`${pointer}/wrap`, 'required');
  if (vault.manifest === null) throw requestFault(`${pointer}/manifest`, 'required');
  if (vault.manifest.seq !== 0) throw requestFault(`${pointer}/manifest/seq`, 'not-next');
}

/** False, with the transaction still to be rolled back, if an id is taken. */
async function insertNewVaults(tx: Tx, ownerId: string, vaults: readonly NewVault[]): Promise<boolean> {
  const rows = vaults.map(({ id, integrity, vkEpoch, wrap }) => ({
    id,
    integrity,
    vk_epoch: vkEpoch,
    ...wrapColumns(wrap),
  }));
  if ((await insertVaults(tx, ownerId, rows)) !== rows.length) return false;
  const manifests = vaults.flatMap(({ id, manifest }) =>
    manifest === null ? [] : [{ vault_id: id, revision: 0, ...manifest }],
  );
  if (manifests.length > 0) await insertManifests(tx, manifests);
  return true;
}

/** A wrap as the columns of its vault. */
export function wrapColumns(wrap: Wrap | null) {
  return {
    wrap_ciphertext: wrap?.ciphertext ?? null,
    wrap_iv: wrap?.iv ?? null,
    wrap_tag: wrap?.tag ?? null,
  };
}

/** The vault without its wrap. */
function toVault(row: VaultRowWithManifest): Vault {
  return {
    id: row.id,
    integrity: row.integrity,
    role: 'owner',
    vkEpoch: row.vk_epoch,
    wrap: null,
    manifest: toManifest(row),
    revision: row.revision,
    seq: row.seq,
  };
}

function toWrap({ wrap_ciphertext, wrap_iv, wrap_tag }: VaultRowWithManifest): Wrap | null {
  if (wrap_ciphertext === null || wrap_iv === null || wrap_tag === null) return null;
  return { ciphertext: wrap_ciphertext, iv: wrap_iv, tag: wrap_tag };
}

function toManifest(row: VaultRowWithManifest): Sealed | null {
  const { manifest_ciphertext, manifest_iv, manifest_tag, manifest_seq } = row;
  if (manifest_ciphertext === null || manifest_iv === null || manifest_tag === null || manifest_seq === null)
    return null;
  return { ciphertext: manifest_ciphertext, iv: manifest_iv, tag: manifest_tag, seq: manifest_seq };
}
