import { type Kysely, sql } from 'kysely';

/**
 * Takes the trigger away that told of each change of a vault: the server tells it after the commit
 * (docs/adr/0034-vault-changes-are-told-after-the-commit.md). PostgreSQL lets transactions that notify commit one
 * after the other, each with its own write to the disk.
 *
 * Ended sessions and changed accounts are rare, and still told by their triggers.
 *
 * Lock: `vaults` for an instant. Rollback: the function and the trigger of migration 0009.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop trigger vaults_told on vaults`.execute(db);
  await sql`drop function tell_vault_change()`.execute(db);
}
