/** @file SQL of the settings, which are one row or none. */
import type { Insertable, Selectable } from 'kysely';
import type { Db, ServerSettingsTable } from '../../db/schema.ts';

/** The settings an administrator has made; null is what the configuration decides. */
export type SettingsRow = Omit<Selectable<ServerSettingsTable>, 'singleton'>;

/** The settings an administrator has made; undefined before the first. */
export function findSettings(db: Db): Promise<SettingsRow | undefined> {
  return db.selectFrom('server_settings').selectAll().executeTakeFirst();
}

/** Writes some of the settings. @param columns at least one. */
export async function upsertSettings(db: Db, columns: Insertable<ServerSettingsTable>): Promise<void> {
  await db
    .insertInto('server_settings')
    .values(columns)
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet(columns))
    .execute();
}
