/** @file `migrate`: brings the schema up to date, as a start of the server does. */
import { loadConfig } from '../config.ts';
import { migrateAt } from '../db/migrate.ts';
import { type CommandContext, withDatabase } from './command.ts';

/** Migrates and names what has run. @throws {MigrationError} a migration failed. */
export async function migrateSchema({ env, out }: CommandContext): Promise<number> {
  const config = loadConfig(env);
  const ran = await withDatabase(config, (db) => migrateAt(config.database, db, () => {}));
  out(ran.length === 0 ? 'The schema is current.\n' : ran.map((name) => `${name}\n`).join(''));
  return 0;
}
