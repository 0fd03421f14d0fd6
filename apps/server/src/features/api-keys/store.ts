/**
 * @file SQL of API keys. One function, one statement.
 *
 * Every function takes the owner but {@link findLiveApiKey} and {@link noteUse}: there the key itself is what
 * its holder shows, and who owns it is what is asked.
 */
import { type Insertable, type Selectable, sql } from 'kysely';
import type { ApiKeysTable, ApiKeyWrapsTable, Db, Tx, UserRow, VaultRow } from '../../db/schema.ts';

/** What its account may see of a key. */
export type ApiKeyRow = Omit<
  Selectable<ApiKeysTable>,
  'secret_hash' | 'key_id' | 'grant_ciphertext' | 'grant_iv' | 'grant_tag'
>;

/** A key as it is made. */
export type NewApiKeyRow = Insertable<ApiKeysTable>;

/** A wrap as it is made. */
export type NewWrapRow = Omit<Selectable<ApiKeyWrapsTable>, 'api_key_id'>;

/** Names one key, and whose it is. */
export interface ApiKeyRef {
  readonly ownerId: string;
  readonly apiKeyId: string;
}

const shownColumns = [
  'id',
  'owner_id',
  'vault_id',
  'name',
  'may_read',
  'may_write',
  'rate_limit',
  'created_at',
  'expires_at',
  'last_used_at',
  'replaced_by',
] as const;

/** A key that works now, with what a request needs to know of its owner. */
export type LiveApiKey = Pick<
  Selectable<ApiKeysTable>,
  'id' | 'owner_id' | 'vault_id' | 'may_read' | 'may_write' | 'rate_limit' | 'secret_hash' | 'key_id'
> & {
  readonly role: UserRow['role'];
  /** True if its last use was not noted for a minute. */
  readonly is_use_due: boolean;
};

/** The key of this id, unless it has expired or its owner is not active. */
export function findLiveApiKey(db: Db, apiKeyId: string): Promise<LiveApiKey | undefined> {
  return db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.owner_id')
    .select([
      'api_keys.id',
      'api_keys.owner_id',
      'api_keys.vault_id',
      'api_keys.may_read',
      'api_keys.may_write',
      'api_keys.rate_limit',
      'api_keys.secret_hash',
      'api_keys.key_id',
      'users.role',
      sql<boolean>`coalesce(last_used_at <= now() - interval '1 minute', true)`.as('is_use_due'),
    ])
    .where('api_keys.id', '=', apiKeyId)
    .where('users.is_active', '=', true)
    .where(sql<boolean>`coalesce(expires_at > now(), true)`)
    .executeTakeFirst();
}

/** Notes that a key was used now, at most once a minute, however many use it at once. */
export async function noteUse(db: Db, apiKeyId: string): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: sql<Date>`now()` })
    .where('id', '=', apiKeyId)
    .where(sql<boolean>`coalesce(last_used_at <= now() - interval '1 minute', true)`)
    .execute();
}

/** The owner's keys, oldest first. */
export function listApiKeyRows(db: Db, ownerId: string): Promise<ApiKeyRow[]> {
  return db
    .selectFrom('api_keys')
    .select(shownColumns)
    .where('owner_id', '=', ownerId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** One key of the owner, or undefined if there is none of that id. */
export function findApiKey(db: Db, { ownerId, apiKeyId }: ApiKeyRef): Promise<ApiKeyRow | undefined> {
  return db
    .selectFrom('api_keys')
    .select(shownColumns)
    .where('id', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst();
}

/** Locks a key of the owner. @returns also whether it has expired by now. */
export function lockApiKey(
  tx: Tx,
  { ownerId, apiKeyId }: ApiKeyRef,
): Promise<(ApiKeyRow & { readonly is_expired: boolean }) | undefined> {
  return tx
    .selectFrom('api_keys')
    .select([...shownColumns, sql<boolean>`coalesce(expires_at <= now(), false)`.as('is_expired')])
    .where('id', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .forUpdate()
    .executeTakeFirst();
}

/** How many keys the owner has, without those that another one has replaced. */
export async function countApiKeys(db: Db, ownerId: string): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('owner_id', '=', ownerId)
    .where('replaced_by', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Inserts a key.
 *
 * @returns undefined if its id is taken, by whomever; otherwise also whether it has expired already.
 */
export function insertApiKey(
  tx: Tx,
  row: NewApiKeyRow,
): Promise<(ApiKeyRow & { readonly is_expired: boolean }) | undefined> {
  return tx
    .insertInto('api_keys')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning([...shownColumns, sql<boolean>`coalesce(expires_at <= now(), false)`.as('is_expired')])
    .executeTakeFirst();
}

/** Inserts the wraps of a key that this transaction has inserted. */
export async function insertWraps(tx: Tx, apiKeyId: string, wraps: readonly NewWrapRow[]): Promise<void> {
  await tx
    .insertInto('api_key_wraps')
    .values(wraps.map((wrap) => ({ ...wrap, api_key_id: apiKeyId })))
    .execute();
}

/** Lets a key work for some time more, and names the one that takes its place. */
export async function replaceApiKey(
  tx: Tx,
  { ownerId, apiKeyId }: ApiKeyRef,
  successor: { readonly id: string; readonly overlapSeconds: number },
): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({
      replaced_by: successor.id,
      expires_at: sql<Date>`least(expires_at, now() + make_interval(secs => ${successor.overlapSeconds}))`,
    })
    .where('id', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .execute();
}

/** Deletes the keys that a key had replaced. */
export async function deletePredecessors(tx: Tx, { ownerId, apiKeyId }: ApiKeyRef): Promise<void> {
  await tx
    .deleteFrom('api_keys')
    .where('replaced_by', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .execute();
}

/** Deletes a key of the owner with its wraps. @returns false if there is none of that id. */
export async function deleteApiKeyRow(db: Db, { ownerId, apiKeyId }: ApiKeyRef): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('api_keys')
    .where('id', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** A key's grant, and what else its holder may know of it. */
export type OpeningRow = Omit<
  ApiKeyRow,
  'name' | 'rate_limit' | 'created_at' | 'last_used_at' | 'replaced_by'
> &
  Pick<Selectable<ApiKeysTable>, 'grant_ciphertext' | 'grant_iv' | 'grant_tag'>;

/** What the holder of a key reads of the key itself; undefined if it is gone meanwhile. */
export function findOpening(db: Db, { ownerId, apiKeyId }: ApiKeyRef): Promise<OpeningRow | undefined> {
  return db
    .selectFrom('api_keys')
    .select(['id', 'owner_id', 'vault_id', 'may_read', 'may_write', 'expires_at'])
    .select(['grant_ciphertext', 'grant_iv', 'grant_tag'])
    .where('id', '=', apiKeyId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst();
}

/** A vault that a key is for, with the wrap for this key and the vault's present epoch, if there is one. */
export type OpenedVaultRow = Pick<VaultRow, 'id' | 'integrity' | 'vk_epoch'> & {
  readonly ciphertext: string | null;
  readonly iv: string | null;
  readonly tag: string | null;
};

/** The vaults that a key is for, oldest first. */
export async function listOpenedVaults(
  db: Db,
  { ownerId, apiKeyId }: ApiKeyRef,
): Promise<readonly OpenedVaultRow[]> {
  return db
    .selectFrom('api_keys')
    .innerJoin('vaults', (join) =>
      join
        .onRef('vaults.owner_id', '=', 'api_keys.owner_id')
        .on(sql<boolean>`vaults.id = coalesce(api_keys.vault_id, vaults.id)`),
    )
    .leftJoin('api_key_wraps as wraps', (join) =>
      join
        .onRef('wraps.api_key_id', '=', 'api_keys.id')
        .onRef('wraps.vault_id', '=', 'vaults.id')
        .onRef('wraps.vk_epoch', '=', 'vaults.vk_epoch'),
    )
    .select(['vaults.id', 'vaults.integrity', 'vaults.vk_epoch', 'wraps.ciphertext', 'wraps.iv', 'wraps.tag'])
    .where('api_keys.id', '=', apiKeyId)
    .where('api_keys.owner_id', '=', ownerId)
    .orderBy('vaults.created_at')
    .orderBy('vaults.id')
    .execute();
}

/** Removes keys that expired longer ago than `seconds`, of every account. @returns how many. */
export async function removeOldApiKeys(db: Db, seconds: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('api_keys')
    .where(sql<boolean>`expires_at + make_interval(secs => ${seconds}) < now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
