/** @file Why a backup cannot be made, read or loaded. */

/** Each is one thing that an operator can do something about. */
export type BackupFault =
  | 'key-invalid'
  | 'not-a-backup'
  | 'does-not-open'
  | 'malformed'
  | 'newer-format'
  | 'unknown-schema'
  | 'schema-differs'
  | 'database-not-empty'
  | 'not-as-saved';

const MEANINGS: Readonly<Record<BackupFault, string>> = {
  'key-invalid': 'the backup key is not what zkvault-server gen-secret --backup-key prints',
  'not-a-backup': 'the file is not a backup of zkvault',
  'does-not-open':
    'the backup does not open: the key is another one, or the file was altered or is not whole',
  malformed: 'the backup opens, and what is in it does not hold together',
  'newer-format': 'the backup is of a newer zkvault',
  'unknown-schema':
    'the backup has a database schema that this zkvault does not know; use the version that made it',
  'schema-differs':
    'the database has another schema version than the backup; restore into a database without any tables',
  'database-not-empty': 'the database is not empty, and nothing was changed in it',
  'not-as-saved': 'what the database has after loading is not what was saved; nothing was kept of it',
};

/** A backup was refused. The message has no data in it. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly fault: BackupFault;

  constructor(fault: BackupFault) {
    super(MEANINGS[fault]);
    this.fault = fault;
  }
}
