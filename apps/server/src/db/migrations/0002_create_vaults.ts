import { type Kysely, type RawBuilder, sql } from 'kysely';

/**
 * Vaults, their entries, earlier versions of these, and manifests. Every limit of the contract is
 * repeated here, because a limit that only the API knows is not a limit. Lengths are those of
 * base64url text: 12 bytes are 16 characters, 16 are 22, 32 KiB are 43,691, 256 KiB are 349,526.
 *
 * Everything of a vault has `vault_id` first in its key: one vault's rows are one range.
 * Ciphertext does not compress, so it is stored EXTERNAL: no time is lost in trying.
 *
 * Lock: new tables, none (the foreign key to users takes SHARE ROW EXCLUSIVE on it for an instant).
 * Rollback: drop the view, then `manifests`, `entry_versions`, `entries`, `vaults`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createVaults(db);
  await createEntries(db);
  await createEntryVersions(db);
  await createManifests(db);
  for (const column of [
    'vaults alter column wrap_ciphertext',
    'entries alter column ciphertext',
    'entry_versions alter column ciphertext',
    'manifests alter column ciphertext',
  ]) {
    await sql.raw(`alter table ${column} set storage external`).execute(db);
  }
}

async function createVaults(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('vaults')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('owner_id', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('integrity', 'text', (column) => column.notNull())
    .addColumn('vk_epoch', 'integer', (column) => column.notNull())
    .addColumn('wrap_ciphertext', 'text')
    .addColumn('wrap_iv', 'text')
    .addColumn('wrap_tag', 'text')
    .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('seq', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint('vaults_integrity_known', sql`integrity in ('manifest', 'none')`)
    .addCheckConstraint('vaults_vk_epoch_positive', sql`vk_epoch >= 1`)
    .addCheckConstraint('vaults_wrap_whole', sql`num_nulls(wrap_ciphertext, wrap_iv, wrap_tag) in (0, 3)`)
    .addCheckConstraint('vaults_wrap_size', envelopeSize('wrap_', 43_691))
    .addCheckConstraint('vaults_wrap_present', sql`integrity = 'none' or wrap_ciphertext is not null`)
    .addCheckConstraint('vaults_revision_range', sql`revision between 0 and 9007199254740991`)
    .addCheckConstraint('vaults_seq_range', sql`seq between 0 and 9007199254740991`)
    .execute();

  await db.schema
    .createIndex('vaults_owner_id_created_at_id_idx')
    .on('vaults')
    .columns(['owner_id', 'created_at', 'id'])
    .execute();

  // The default vault of the plain surface, defined once: the oldest one without manifests.
  await sql`
    create view default_vaults as
    select distinct on (owner_id) owner_id, id as vault_id
    from vaults
    where integrity = 'none'
    order by owner_id, created_at, id`.execute(db);
}

async function createEntries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('vault_id', 'uuid', (column) => column.notNull().references('vaults.id').onDelete('cascade'))
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('vk_epoch', 'integer', (column) => column.notNull())
    .addColumn('schema', 'smallint', (column) => column.notNull())
    .addColumn('deleted', 'boolean', (column) => column.notNull())
    .addColumn('ciphertext', 'text')
    .addColumn('iv', 'text')
    .addColumn('tag', 'text')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('entries_pkey', ['vault_id', 'id'])
    .addUniqueConstraint('entries_vault_id_revision_key', ['vault_id', 'revision'])
    .addCheckConstraint('entries_version_positive', sql`version >= 1`)
    .addCheckConstraint('entries_vk_epoch_positive', sql`vk_epoch >= 1`)
    .addCheckConstraint('entries_schema_positive', sql`schema >= 1`)
    .addCheckConstraint('entries_revision_range', sql`revision between 1 and 9007199254740991`)
    .addCheckConstraint(
      'entries_envelope_unless_deleted',
      sql`num_nulls(ciphertext, iv, tag) = case when deleted then 3 else 0 end`,
    )
    .addCheckConstraint('entries_envelope_size', envelopeSize('', 349_526))
    .execute();
}

async function createEntryVersions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('entry_versions')
    .addColumn('vault_id', 'uuid', (column) => column.notNull())
    .addColumn('entry_id', 'uuid', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('vk_epoch', 'integer', (column) => column.notNull())
    .addColumn('schema', 'smallint', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('iv', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('updated_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('entry_versions_pkey', ['vault_id', 'entry_id', 'version'])
    .addForeignKeyConstraint(
      'entry_versions_vault_id_entry_id_fkey',
      ['vault_id', 'entry_id'],
      'entries',
      ['vault_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addCheckConstraint('entry_versions_version_positive', sql`version >= 1`)
    .addCheckConstraint('entry_versions_vk_epoch_positive', sql`vk_epoch >= 1`)
    .addCheckConstraint('entry_versions_schema_positive', sql`schema >= 1`)
    .addCheckConstraint('entry_versions_envelope_size', envelopeSize('', 349_526))
    .execute();
}

async function createManifests(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('manifests')
    .addColumn('vault_id', 'uuid', (column) => column.notNull().references('vaults.id').onDelete('cascade'))
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('ciphertext', 'text', (column) => column.notNull())
    .addColumn('iv', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('manifests_pkey', ['vault_id', 'seq'])
    .addUniqueConstraint('manifests_vault_id_revision_key', ['vault_id', 'revision'])
    .addCheckConstraint('manifests_seq_range', sql`seq between 0 and 9007199254740991`)
    .addCheckConstraint('manifests_revision_range', sql`revision between 0 and 9007199254740991`)
    .addCheckConstraint('manifests_envelope_size', envelopeSize('', 43_691))
    .execute();
}

/** octet_length of a text is read from its header: the check never fetches a ciphertext stored out of line. */
function envelopeSize(prefix: string, maxCharacters: number): RawBuilder<boolean> {
  return sql.raw(
    `octet_length(${prefix}ciphertext) between 2 and ${maxCharacters}` +
      ` and octet_length(${prefix}iv) = 16 and octet_length(${prefix}tag) = 22`,
  );
}
