/** @file What every command has: the environment, where to write, and a way to the database. */
import type { Config } from '../config.ts';
import { connect, connectForMigrations } from '../db/connect.ts';
import type { Db } from '../db/schema.ts';
import type { Environment } from '../lib/environment.ts';

/** What a command is given. */
export interface CommandContext {
  readonly env: Environment;
  /** Writes a result. */
  readonly out: (text: string) => void;
  /** Writes progress and complaints. */
  readonly err: (text: string) => void;
}

/**
 * Opens the configured database for one piece of work.
 *
 * @throws {DataDirectoryInUseError} a server has the embedded database open.
 */
export async function withDatabase<Result>(
  { database }: Pick<Config, 'database'>,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  // A lost connection fails the statement that needed it; there is nobody else to tell.
  const connection = connect(database, () => {});
  try {
    await connection.opened;
    return await work(connection.db);
  } finally {
    await connection.close();
  }
}

/**
 * Does the same over one connection whose statements may take their time.
 *
 * @throws {DataDirectoryInUseError} a server has the embedded database open.
 */
export async function withUnhurriedDatabase<Result>(
  config: Pick<Config, 'database'>,
  work: (db: Db) => Promise<Result>,
): Promise<Result> {
  const { database } = config;
  if (database.kind === 'pglite') return withDatabase(config, work);
  const connection = connectForMigrations(database.url, () => {});
  try {
    return await work(connection.db);
  } finally {
    await connection.close();
  }
}
