/** @file Settings that administrators make while the server runs; what they leave open, its configuration decides. */
import type { ServerSettings } from '@zkvault/contract';
import type { Db } from '../../db/schema.ts';
import { findSettings, upsertRegistration } from './store.ts';

/** The settings as they hold now, for every server on this database. @param defaults the configuration's. */
export async function readSettings(db: Db, defaults: ServerSettings): Promise<ServerSettings> {
  const row = await findSettings(db);
  return { registration: row?.registration ?? defaults.registration };
}

/** Makes settings; they hold from the next request on. */
export async function writeSettings(db: Db, settings: ServerSettings): Promise<void> {
  await upsertRegistration(db, settings.registration);
}
