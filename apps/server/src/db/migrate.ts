/** @file Brings the schema up to date at start. Forward only; each migration is one transaction. */
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { connectForMigrations, type DatabaseLocation, type OnConnectionError } from './connect.ts';
import { migrations } from './migrations/index.ts';
import type { Db } from './schema.ts';

/** The schema could not be brought up to date. `cause` says why. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Runs what has not run yet, under an advisory lock on PostgreSQL: of two servers that start at once
 * the second waits and finds nothing to do.
 *
 * @returns the names of the migrations that ran.
 * @throws {MigrationError} one failed, or the database has been migrated by a newer server.
 */
export async function migrate(db: Db): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw new MigrationError('the database schema could not be brought up to date', { cause: error });
  return (results ?? []).map(({ migrationName }) => migrationName);
}

/** What the migrator finds out in a dozen statements, in one; it says what is wrong if this one cannot be asked. */
async function isUpToDate(db: Db): Promise<boolean> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
    return rows.map(({ name }) => name).join() === Object.keys(migrations).join();
  } catch {
    return false;
  }
}

/**
 * Migrates the database at a location. On PostgreSQL it uses a connection of its own, because a
 * migration may take longer than a request's statement may.
 *
 * @param db the connection that serves requests; used for PGlite, which has only this one.
 */
export async function migrateAt(
  location: DatabaseLocation,
  db: Db,
  onConnectionError: OnConnectionError,
): Promise<readonly string[]> {
  if (await isUpToDate(db)) return [];
  if (location.kind === 'pglite') return migrate(db);
  const connection = connectForMigrations(location.url, onConnectionError);
  try {
    return await migrate(connection.db);
  } finally {
    await connection.close();
  }
}
