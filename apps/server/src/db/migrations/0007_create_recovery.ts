import { type Kysely, sql } from 'kysely';

/** base64url of exactly n bytes, as the contract has it; the alphabet is checked by the contract. */
function encodedLength(column: string, bytes: number) {
  return sql.raw<boolean>(`length(${column}) = ${Math.ceil((bytes * 4) / 3)}`);
}

/**
 * Recovery: of each account's recovery key a verifier and the account key under it, and the recoveries
 * that have begun and wait for their new password, by the HMAC of their token.
 *
 * Lock: new tables, none. Rollback: drop the two tables.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('recovery_keys')
    .addColumn('user_id', 'uuid', (column) => column.primaryKey().references('users.id').onDelete('cascade'))
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('verifier', 'text', (column) => column.notNull())
    .addColumn('verifier_key_id', 'text', (column) => column.notNull())
    .addColumn('wrap_ciphertext', 'text', (column) => column.notNull())
    .addColumn('wrap_iv', 'text', (column) => column.notNull())
    .addColumn('wrap_tag', 'text', (column) => column.notNull())
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint(
      'recovery_keys_verifier_form',
      sql`verifier like '$argon2id$%' and length(verifier) <= 256`,
    )
    .addCheckConstraint('recovery_keys_verifier_key_id_length', sql`length(verifier_key_id) between 1 and 32`)
    .addCheckConstraint('recovery_keys_wrap_size', sql`length(wrap_ciphertext) between 2 and 43691`)
    .addCheckConstraint('recovery_keys_wrap_iv_length', encodedLength('wrap_iv', 12))
    .addCheckConstraint('recovery_keys_wrap_tag_length', encodedLength('wrap_tag', 16))
    .execute();
  await db.schema
    .createTable('recoveries')
    .addColumn('token_hash', 'bytea', (column) => column.primaryKey())
    .addColumn('user_id', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('recovery_id', 'uuid', (column) => column.notNull())
    .addColumn('credential_version', 'integer', (column) => column.notNull())
    .addColumn('second_factor_proven', 'boolean', (column) => column.notNull())
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', sql`timestamptz(3)`, (column) => column.notNull())
    .addCheckConstraint('recoveries_token_hash_length', sql`octet_length(token_hash) = 32`)
    .addCheckConstraint('recoveries_expires_later', sql`expires_at > created_at`)
    .execute();
  await db.schema.createIndex('recoveries_user_id_idx').on('recoveries').columns(['user_id']).execute();
  await db.schema.createIndex('recoveries_expires_at_idx').on('recoveries').columns(['expires_at']).execute();
}
