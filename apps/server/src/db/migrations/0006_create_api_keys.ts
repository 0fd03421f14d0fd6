import { type Kysely, sql } from 'kysely';

/**
 * API keys: what each may do, an HMAC of the digest of the half that is shown, the sealed grant, and one
 * wrap of a vault key for each vault (docs/adr/0016-api-keys.md).
 *
 * A wrap counts only while its `vk_epoch` is that of its vault: raising a vault's epoch is enough to make
 * the wraps of the old one useless, and whatever raises it deletes them. `replaced_by` has no foreign key:
 * the successor may be revoked before the key it replaced has died.
 *
 * Lock: new tables, none. Rollback: drop both tables.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createApiKeys(db);
  await createWraps(db);
  for (const column of ['api_keys alter column grant_ciphertext', 'api_key_wraps alter column ciphertext'])
    await sql.raw(`alter table ${column} set storage external`).execute(db);
}

async function createApiKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('owner_id', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('vault_id', 'uuid', (column) => column.references('vaults.id').onDelete('cascade'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('may_read', 'boolean', (column) => column.notNull())
    .addColumn('may_write', 'boolean', (column) => column.notNull())
    .addColumn('rate_limit', 'integer')
    .addColumn('secret_hash', 'bytea', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('grant_ciphertext', 'text')
    .addColumn('grant_iv', 'text')
    .addColumn('grant_tag', 'text')
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', sql`timestamptz(3)`)
    .addColumn('last_used_at', sql`timestamptz(3)`)
    .addColumn('replaced_by', 'uuid')
    .addCheckConstraint('api_keys_name_length', sql`length(name) between 1 and 100`)
    .addCheckConstraint('api_keys_scopes_some', sql`may_read or may_write`)
    .addCheckConstraint('api_keys_rate_limit_range', sql`rate_limit between 1 and 1000000`)
    .addCheckConstraint('api_keys_secret_hash_length', sql`octet_length(secret_hash) = 32`)
    .addCheckConstraint('api_keys_key_id_length', sql`length(key_id) between 1 and 32`)
    .addCheckConstraint(
      'api_keys_grant_whole',
      sql`num_nulls(grant_ciphertext, grant_iv, grant_tag) in (0, 3)`,
    )
    .addCheckConstraint('api_keys_grant_size', envelopeSize('grant_'))
    .addCheckConstraint('api_keys_replaced_expires', sql`replaced_by is null or expires_at is not null`)
    .execute();
  await db.schema
    .createIndex('api_keys_owner_id_created_at_id_idx')
    .on('api_keys')
    .columns(['owner_id', 'created_at', 'id'])
    .execute();
  await db.schema.createIndex('api_keys_vault_id_idx').on('api_keys').columns(['vault_id']).execute();
  await db.schema.createIndex('api_keys_expires_at_idx').on('api_keys').columns(['expires_at']).execute();
}

async function createWraps(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_key_wraps')
    .addColumn('api_key_id', 'uuid', (column) =>
      column.notNull().references('api_keys.id').onDelete('cascade'),
    )
    .addColumn('vault_id', 'uuid', (column) => column.notNull().references('vaults.id').onDelete('cascade'))
    .addColumn('vk_epoch', 'integer', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('iv', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('api_key_wraps_pkey', ['api_key_id', 'vault_id'])
    .addCheckConstraint('api_key_wraps_vk_epoch_positive', sql`vk_epoch >= 1`)
    .addCheckConstraint('api_key_wraps_wrap_size', envelopeSize(''))
    .execute();
  await db.schema
    .createIndex('api_key_wraps_vault_id_idx')
    .on('api_key_wraps')
    .columns(['vault_id'])
    .execute();
}

/** The lengths of an envelope of at most 32 KiB, as base64url text. */
function envelopeSize(prefix: 'grant_' | '') {
  const column = (name: string) => sql.ref(`${prefix}${name}`);
  return sql<boolean>`octet_length(${column('ciphertext')}) between 2 and 43691
    and octet_length(${column('iv')}) = 16 and octet_length(${column('tag')}) = 22`;
}
