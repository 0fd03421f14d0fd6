import { type Kysely, sql } from 'kysely';

/**
 * The audit log: events in 16 chains, and the head of each chain
 * (docs/adr/0015-an-audit-log-in-sixteen-chains.md).
 *
 * No foreign key leads to accounts: what happened to an account outlives it. The triggers are a guard
 * rail against mistakes; the owner of the tables can drop them, and then the hashes tell.
 *
 * Lock: new tables, none. Rollback: drop the two tables and the function `refuse_audit_change`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createEvents(db);
  await createHeads(db);
  await sql`
    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
    end $$`.execute(db);
  await sql`
    create trigger audit_events_append_only before update or delete or truncate on audit_events
    for each statement execute function refuse_audit_change()`.execute(db);
  await sql`
    create trigger audit_heads_kept before delete or truncate on audit_heads
    for each statement execute function refuse_audit_change()`.execute(db);
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_events')
    .addColumn('chain', 'smallint', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('occurred_at', sql`timestamptz(3)`, (column) => column.notNull())
    .addColumn('actor_user_id', 'uuid')
    .addColumn('subject_user_id', 'uuid')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('resource_type', 'text')
    .addColumn('resource_id', 'uuid')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('address_prefix', 'text')
    .addColumn('session_id', 'uuid')
    .addColumn('request_id', 'uuid')
    .addColumn('details', 'jsonb', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('prev_hash', 'bytea', (column) => column.notNull())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_events_pkey', ['chain', 'seq'])
    .addCheckConstraint('audit_events_chain_range', sql`chain between 0 and 15`)
    .addCheckConstraint('audit_events_seq_range', sql`seq between 1 and 9007199254740991`)
    .addCheckConstraint('audit_events_action_form', sql`action ~ '^[a-z][a-z0-9-]{1,39}$'`)
    .addCheckConstraint('audit_events_resource_type_form', sql`resource_type ~ '^[a-z][a-z0-9-]{1,39}$'`)
    .addCheckConstraint('audit_events_resource_whole', sql`num_nulls(resource_type, resource_id) in (0, 2)`)
    .addCheckConstraint('audit_events_outcome_known', sql`outcome in ('success', 'failure')`)
    .addCheckConstraint('audit_events_address_prefix_length', sql`length(address_prefix) between 1 and 64`)
    .addCheckConstraint(
      'audit_events_details_small',
      sql`jsonb_typeof(details) = 'object' and octet_length(details::text) <= 512`,
    )
    .addCheckConstraint('audit_events_key_id_length', sql`length(key_id) between 1 and 32`)
    .addCheckConstraint('audit_events_prev_hash_length', sql`octet_length(prev_hash) = 32`)
    .addCheckConstraint('audit_events_hash_length', sql`octet_length(hash) = 32`)
    .execute();
  await db.schema
    .createIndex('audit_events_occurred_at_idx')
    .on('audit_events')
    .columns(['occurred_at', 'chain', 'seq'])
    .execute();
  await db.schema
    .createIndex('audit_events_subject_user_id_occurred_at_idx')
    .on('audit_events')
    .columns(['subject_user_id', 'occurred_at', 'chain', 'seq'])
    .execute();
  await db.schema
    .createIndex('audit_events_actor_user_id_occurred_at_idx')
    .on('audit_events')
    .columns(['actor_user_id', 'occurred_at', 'chain', 'seq'])
    .execute();
}

async function createHeads(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_heads')
    .addColumn('chain', 'smallint', (column) => column.primaryKey())
    .addColumn('last_seq', 'bigint', (column) => column.notNull())
    .addColumn('last_hash', 'bytea', (column) => column.notNull())
    .addColumn('key_id', 'text')
    .addColumn('mac', 'bytea')
    .addCheckConstraint('audit_heads_chain_range', sql`chain between 0 and 15`)
    .addCheckConstraint('audit_heads_last_seq_range', sql`last_seq between 0 and 9007199254740991`)
    .addCheckConstraint('audit_heads_last_hash_length', sql`octet_length(last_hash) = 32`)
    .addCheckConstraint('audit_heads_mac_length', sql`octet_length(mac) = 32`)
    .addCheckConstraint(
      'audit_heads_mac_whole',
      sql`num_nulls(key_id, mac) = case when last_seq = 0 then 2 else 0 end`,
    )
    .execute();
  // Each write replaces a head: with room in the page it stays there, and no index is touched.
  await sql`alter table audit_heads set (fillfactor = 20)`.execute(db);
  await sql`
    insert into audit_heads (chain, last_seq, last_hash)
    select chain, 0, decode(repeat('00', 32), 'hex') from generate_series(0, 15) as chain`.execute(db);
}
