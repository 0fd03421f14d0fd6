import { type Kysely, sql } from 'kysely';

/**
 * Invitations, the settings that outlive a restart, and the order in which accounts are listed.
 *
 * Lock: new tables, none; the index on users locks writes to it for as long as it is built, milliseconds
 * for 10,000 accounts. Rollback: drop both tables and the index.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('invitations')
    .addColumn('token_hash', 'bytea', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_by', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', sql`timestamptz(3)`, (column) => column.notNull())
    .addCheckConstraint('invitations_token_hash_length', sql`octet_length(token_hash) = 32`)
    .addCheckConstraint('invitations_role_known', sql`role in ('admin', 'moderator', 'user', 'viewer')`)
    .addCheckConstraint('invitations_expires_later', sql`expires_at > created_at`)
    .execute();
  await db.schema
    .createIndex('invitations_created_by_idx')
    .on('invitations')
    .columns(['created_by'])
    .execute();
  await db.schema
    .createIndex('invitations_expires_at_idx')
    .on('invitations')
    .columns(['expires_at'])
    .execute();

  // One row at most; a column is null until an administrator decides.
  await db.schema
    .createTable('server_settings')
    .addColumn('singleton', 'boolean', (column) => column.primaryKey().defaultTo(true))
    .addColumn('registration', 'text')
    .addCheckConstraint('server_settings_singleton', sql`singleton`)
    .addCheckConstraint('server_settings_registration_known', sql`registration in ('open', 'invitation')`)
    .execute();

  await db.schema.createIndex('users_created_at_id_idx').on('users').columns(['created_at', 'id']).execute();
}
