import { type Kysely, sql } from 'kysely';

/**
 * Second factors: whether an account asks for one, its seed (sealed under the server key ring: 12 bytes of
 * nonce, 20 of seed, 16 of tag), and HMACs of its recovery codes. A seed whose account does not ask for it
 * is a setup that nobody has confirmed.
 *
 * The counter of failed logins may now be 0: an attempt that lacked nothing but the second factor is taken
 * back.
 *
 * Lock: `users` and `login_failures` for an instant (a constant default is not written to the rows).
 * Rollback: drop `recovery_codes`, `second_factors` and the column, put the old constraint back.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('asks_second_factor', 'boolean', (column) => column.notNull().defaultTo(false))
    .execute();
  await db.schema
    .createTable('second_factors')
    .addColumn('user_id', 'uuid', (column) => column.primaryKey().references('users.id').onDelete('cascade'))
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('sealed_seed', 'bytea', (column) => column.notNull())
    .addColumn('last_step', 'bigint')
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint('second_factors_key_id_length', sql`length(key_id) between 1 and 32`)
    .addCheckConstraint('second_factors_sealed_seed_length', sql`octet_length(sealed_seed) = 48`)
    .addCheckConstraint('second_factors_last_step_range', sql`last_step between 0 and 9007199254740991`)
    .execute();
  await db.schema
    .createTable('recovery_codes')
    .addColumn('code_hash', 'bytea', (column) => column.primaryKey())
    .addColumn('user_id', 'uuid', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', sql`timestamptz(3)`, (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint('recovery_codes_code_hash_length', sql`octet_length(code_hash) = 32`)
    .execute();
  await db.schema
    .createIndex('recovery_codes_user_id_idx')
    .on('recovery_codes')
    .columns(['user_id'])
    .execute();
  await db.schema.alterTable('login_failures').dropConstraint('login_failures_failures_positive').execute();
  await db.schema
    .alterTable('login_failures')
    .addCheckConstraint('login_failures_failures_not_negative', sql`failures >= 0`)
    .execute();
}
