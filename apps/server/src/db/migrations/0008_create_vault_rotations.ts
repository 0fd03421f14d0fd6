import { type Kysely, sql } from 'kysely';

/**
 * Rotations of vault keys under way, and the entries staged for them. One staging area per vault, at
 * most one row per entry: what a client can store here is bounded by what it has stored already.
 *
 * Lock: new tables, none (the foreign keys take SHARE ROW EXCLUSIVE on vaults and entries for an instant).
 * Rollback: drop `staged_entries`, then `vault_rotations`. Nothing is lost but what had been staged.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('vault_rotations')
    .addColumn('vault_id', 'uuid', (column) =>
      column.primaryKey().references('vaults.id').onDelete('cascade'),
    )
    .addColumn('rotation_id', 'uuid', (column) => column.notNull())
    .addColumn('vk_epoch', 'integer', (column) => column.notNull())
    .addColumn('updated_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint('vault_rotations_vk_epoch_range', sql`vk_epoch >= 2`)
    .execute();

  await db.schema
    .createIndex('vault_rotations_updated_at_idx')
    .on('vault_rotations')
    .column('updated_at')
    .execute();

  await db.schema
    .createTable('staged_entries')
    .addColumn('vault_id', 'uuid', (column) =>
      column.notNull().references('vault_rotations.vault_id').onDelete('cascade'),
    )
    .addColumn('entry_id', 'uuid', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('schema', 'smallint', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('iv', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('staged_entries_pkey', ['vault_id', 'entry_id'])
    .addForeignKeyConstraint(
      'staged_entries_vault_id_entry_id_fkey',
      ['vault_id', 'entry_id'],
      'entries',
      ['vault_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addCheckConstraint('staged_entries_version_positive', sql`version >= 1`)
    .addCheckConstraint('staged_entries_schema_positive', sql`schema >= 1`)
    .addCheckConstraint(
      'staged_entries_envelope_size',
      sql`octet_length(ciphertext) between 2 and 349526 and octet_length(iv) = 16 and octet_length(tag) = 22`,
    )
    .execute();

  await sql`alter table staged_entries alter column ciphertext set storage external`.execute(db);
}
