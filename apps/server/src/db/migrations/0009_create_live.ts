import { type Kysely, sql } from 'kysely';

/**
 * Tells every instance on this database what has changed, in the transaction that changes it
 * (docs/adr/0022-changes-are-told-by-the-database.md), and keeps the answers to requests with an
 * Idempotency-Key (docs/adr/0023-idempotency-keys.md).
 *
 * Triggers tell, not the code: what is changed on another way, by a cascade or by an operator, is told too.
 * A payload is a word, ids and a revision. A session that is deleted is not told: its user is, or it has
 * been of no use for a long time.
 *
 * No foreign key leads from the recorded answers to accounts: its check would lock an account that others
 * lock before and after. The trigger on `users` removes them.
 *
 * Lock: `vaults`, `sessions` and `users` for an instant. Rollback: drop the table and the three functions
 * with `cascade`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createIdempotencyKeys(db);
  await sql`
    create function tell_vault_change() returns trigger language plpgsql as $$
    begin
      perform pg_notify('zkvault_changes', format('vault %s %s %s', new.owner_id, new.id, new.revision));
      return null;
    end $$`.execute(db);
  await sql`
    create trigger vaults_told after insert or update of revision, seq on vaults
    for each row execute function tell_vault_change()`.execute(db);
  await sql`
    create function tell_session_end() returns trigger language plpgsql as $$
    begin
      perform pg_notify('zkvault_changes', format('session %s %s', new.user_id, new.id));
      return null;
    end $$`.execute(db);
  await sql`
    create trigger sessions_end_told after update of revoked_at on sessions for each row
    when (old.revoked_at is null and new.revoked_at is not null)
    execute function tell_session_end()`.execute(db);
  await sql`
    create function tell_user_change() returns trigger language plpgsql as $$
    begin
      perform pg_notify('zkvault_changes', format('user %s', old.id));
      if tg_op = 'DELETE' then
        delete from idempotency_keys where user_id = old.id;
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger users_change_told after update of role, is_active on users for each row
    when (old.role is distinct from new.role or old.is_active is distinct from new.is_active)
    execute function tell_user_change()`.execute(db);
  await sql`
    create trigger users_end_told after delete on users for each row
    execute function tell_user_change()`.execute(db);
}

async function createIdempotencyKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency_keys')
    .addColumn('user_id', 'uuid', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('key_hash', 'bytea', (column) => column.notNull())
    .addColumn('fingerprint', 'bytea', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    // Null only within the transaction that carries the request out.
    .addColumn('sealed_answer', 'bytea')
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('idempotency_keys_pkey', ['user_id', 'operation', 'key_hash'])
    .addCheckConstraint('idempotency_keys_operation_form', sql`operation ~ '^[a-zA-Z]{1,64}$'`)
    .addCheckConstraint('idempotency_keys_key_hash_length', sql`octet_length(key_hash) = 32`)
    .addCheckConstraint('idempotency_keys_fingerprint_length', sql`octet_length(fingerprint) = 32`)
    .addCheckConstraint('idempotency_keys_key_id_length', sql`length(key_id) between 1 and 32`)
    .addCheckConstraint(
      'idempotency_keys_answer_length',
      sql`octet_length(sealed_answer) between 28 and 131072`,
    )
    .execute();
  await db.schema
    .createIndex('idempotency_keys_created_at_idx')
    .on('idempotency_keys')
    .columns(['created_at'])
    .execute();
}
