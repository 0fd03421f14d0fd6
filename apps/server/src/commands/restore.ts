/** @file `restore`: a backup into an empty database. */
import { loadConfig } from '../config.ts';
import { loadDatabase } from '../db/backup/load.ts';
import { endEverySession } from '../features/sessions/service.ts';
import { BackupError } from '../lib/backup/backup-error.ts';
import type { BackupKey } from '../lib/backup/backup-key.ts';
import type { BackupHeader } from '../lib/backup/records.ts';
import { type BackupFile, readBackup, readBackupKey, tableOf } from './backup.ts';
import { type CommandContext, withUnhurriedDatabase } from './command.ts';

/** Which backup, and what becomes of the sessions in it. */
export interface RestoreOptions extends BackupFile {
  /**
   * Lets refresh tokens go on that were good when the backup was taken. Some of them may have been used, or
   * stolen and ended, since: it is for a backup of a server that has stood still since.
   */
  readonly keepSessions: boolean;
}

/**
 * Restores. The file is read to its end before anything of the database is touched.
 *
 * @throws {BackupError} nothing was changed, but for the schema of a database that had none.
 */
export async function restoreBackup(
  { env, out, err }: CommandContext,
  options: RestoreOptions,
): Promise<number> {
  const config = loadConfig(env);
  const key = await readBackupKey(env, options.keyFile);
  const header = await verifiedHeader(options.file, key);
  const { sums, migrated } = await withUnhurriedDatabase(config, (db) =>
    loadDatabase(db, header, readBackup(options.file, key), async (tx) => {
      if (!options.keepSessions) await endEverySession(tx);
    }),
  );
  out(`Restored what was taken ${header.takenAt}.\n${tableOf(sums)}`);
  if (migrated.length > 0) out(`The schema was brought up to date: ${migrated.join(', ')}.\n`);
  if (!options.keepSessions) out('All sessions were ended: everybody has to log in.\n');
  err('What clients and their users have to do is in docs/operations.md, "After a restore".\n');
  return 0;
}

async function verifiedHeader(file: string, key: BackupKey): Promise<BackupHeader> {
  let header: BackupHeader | undefined;
  for await (const record of readBackup(file, key)) if ('kind' in record) header = record;
  if (header === undefined) throw new BackupError('malformed');
  return header;
}
