import { type Kysely, sql } from 'kysely';

/**
 * Which key of the ring made the HMAC of a recovery code, so that an operator can see what a key that is to
 * be taken out still stands behind. Codes from before do not tell.
 *
 * Lock: `recovery_codes` for an instant. Rollback: drop the column.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('recovery_codes').addColumn('key_id', 'text').execute();
  await db.schema
    .alterTable('recovery_codes')
    .addCheckConstraint('recovery_codes_key_id_length', sql`length(key_id) between 1 and 32`)
    .execute();
}
