import { type Kysely, sql } from 'kysely';

/** base64url of exactly n bytes, as the contract has it; the alphabet is checked by the contract. */
function encodedLength(column: string, bytes: number) {
  return sql.raw<boolean>(`length(${column}) = ${Math.ceil((bytes * 4) / 3)}`);
}

/**
 * Accounts, their sessions, refresh tokens and failed logins. Limits repeat the contract's,
 * because a limit that only the API knows is not a limit.
 *
 * Lock: new tables, none. Rollback: drop the four tables.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createUsers(db);
  await createSessions(db);
  await createRefreshTokens(db);
  await createLoginFailures(db);
}

async function createUsers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('login', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('full_name', 'text')
    .addColumn('role', 'text', (column) => column.notNull().defaultTo('user'))
    .addColumn('is_active', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('kdf_profile', 'smallint', (column) => column.notNull())
    .addColumn('kdf_salt', 'text', (column) => column.notNull())
    .addColumn('verifier', 'text', (column) => column.notNull())
    .addColumn('verifier_key_id', 'text', (column) => column.notNull())
    .addColumn('credential_version', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('ak_epoch', 'integer')
    .addColumn('wrap_ciphertext', 'text')
    .addColumn('wrap_iv', 'text')
    .addColumn('wrap_tag', 'text')
    .addColumn('state_ciphertext', 'text')
    .addColumn('state_iv', 'text')
    .addColumn('state_tag', 'text')
    .addColumn('state_seq', 'bigint')
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addUniqueConstraint('users_login_key', ['login'])
    .addCheckConstraint('users_login_length', sql`length(login) between 1 and 254`)
    .addCheckConstraint('users_email_length', sql`length(email) between 3 and 254`)
    .addCheckConstraint('users_full_name_length', sql`length(full_name) between 1 and 100`)
    .addCheckConstraint('users_role_known', sql`role in ('admin', 'moderator', 'user', 'viewer')`)
    .addCheckConstraint('users_kdf_profile_known', sql`kdf_profile in (1, 2, 3)`)
    .addCheckConstraint('users_kdf_salt_length', encodedLength('kdf_salt', 16))
    .addCheckConstraint('users_verifier_form', sql`verifier like '$argon2id$%' and length(verifier) <= 256`)
    .addCheckConstraint('users_credential_version_positive', sql`credential_version >= 1`)
    .addCheckConstraint('users_ak_epoch_positive', sql`ak_epoch >= 1`)
    .addCheckConstraint('users_wrap_size', sql`length(wrap_ciphertext) between 2 and 43691`)
    .addCheckConstraint('users_wrap_iv_length', encodedLength('wrap_iv', 12))
    .addCheckConstraint('users_wrap_tag_length', encodedLength('wrap_tag', 16))
    .addCheckConstraint('users_state_size', sql`length(state_ciphertext) between 2 and 43691`)
    .addCheckConstraint('users_state_iv_length', encodedLength('state_iv', 12))
    .addCheckConstraint('users_state_tag_length', encodedLength('state_tag', 16))
    .addCheckConstraint('users_state_seq_range', sql`state_seq between 0 and 9007199254740991`)
    .addCheckConstraint(
      'users_key_material_whole',
      sql`num_nulls(ak_epoch, wrap_ciphertext, wrap_iv, wrap_tag, state_ciphertext, state_iv, state_tag, state_seq) in (0, 8)`,
    )
    .execute();
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('user_id', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('device_id', 'uuid', (column) => column.notNull())
    .addColumn('device_name', 'text', (column) => column.notNull())
    .addColumn('transport', 'text', (column) => column.notNull())
    .addColumn('address_prefix', 'text', (column) => column.notNull())
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('last_used_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('revoked_at', sql`timestamptz(3)`)
    .addColumn('revoked_reason', 'text')
    .addCheckConstraint('sessions_device_name_length', sql`length(device_name) between 1 and 100`)
    .addCheckConstraint('sessions_transport_known', sql`transport in ('body', 'cookie')`)
    .addCheckConstraint('sessions_address_prefix_length', sql`length(address_prefix) between 1 and 64`)
    .addCheckConstraint(
      'sessions_revoked_reason_known',
      sql`revoked_reason in ('logout', 'revoked', 'rekey', 'refresh-reuse')`,
    )
    .addCheckConstraint('sessions_revoked_whole', sql`num_nulls(revoked_at, revoked_reason) in (0, 2)`)
    .execute();
  await db.schema.createIndex('sessions_user_id_idx').on('sessions').columns(['user_id']).execute();
}

async function createRefreshTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('refresh_tokens')
    .addColumn('token_hash', 'bytea', (column) => column.primaryKey())
    .addColumn('session_id', 'uuid', (column) =>
      column.notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('issued_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', sql`timestamptz(3)`, (column) => column.notNull())
    .addColumn('used_at', sql`timestamptz(3)`)
    .addCheckConstraint('refresh_tokens_token_hash_length', sql`octet_length(token_hash) = 32`)
    .addCheckConstraint('refresh_tokens_expires_later', sql`expires_at > issued_at`)
    .execute();
  await db.schema
    .createIndex('refresh_tokens_session_id_idx')
    .on('refresh_tokens')
    .columns(['session_id'])
    .execute();
  await db.schema
    .createIndex('refresh_tokens_expires_at_idx')
    .on('refresh_tokens')
    .columns(['expires_at'])
    .execute();
}

async function createLoginFailures(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('login_failures')
    .addColumn('key_hash', 'bytea', (column) => column.primaryKey())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('window_started_at', sql`timestamptz(3)`, (column) => column.notNull())
    .addColumn('locked_until', sql`timestamptz(3)`)
    .addCheckConstraint('login_failures_key_hash_length', sql`octet_length(key_hash) = 32`)
    .addCheckConstraint('login_failures_failures_positive', sql`failures >= 1`)
    .execute();
  await db.schema
    .createIndex('login_failures_window_started_at_idx')
    .on('login_failures')
    .columns(['window_started_at'])
    .execute();
}
