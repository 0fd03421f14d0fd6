/** @file What the database says about itself. */
import { sql } from 'kysely';
import type { Db } from '../../db/schema.ts';

/** The names of the migrations that have run, oldest first. */
export async function listAppliedMigrations(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}
