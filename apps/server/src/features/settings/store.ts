/** @file SQL of the settings, which are one row or none. */
import type { Selectable } from 'kysely';
import type { Db, ServerSettingsTable } from '../../db/schema.ts';

/** The settings an administrator has made; undefined before the first. */
export function findSettings(
  db: Db,
): Promise<Pick<Selectable<ServerSettingsTable>, 'registration'> | undefined> {
  return db.selectFrom('server_settings').select('registration').executeTakeFirst();
}

/** Writes who may register. */
export async function upsertRegistration(
  db: Db,
  registration: NonNullable<ServerSettingsTable['registration']>,
): Promise<void> {
  await db
    .insertInto('server_settings')
    .values({ registration })
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet({ registration }))
    .execute();
}
