/** @file `backup` and `backup verify`: an encrypted copy of the database, and whether one is whole. */
import { createReadStream } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import { loadConfig } from '../config.ts';
import { saveDatabase } from '../db/backup/save.ts';
import { BackupError } from '../lib/backup/backup-error.ts';
import { type BackupKey, parseBackupKey } from '../lib/backup/backup-key.ts';
import { type BackupRecord, decodeRecords, encodeRecords, type TableSum } from '../lib/backup/records.ts';
import { openStream, sealStream } from '../lib/backup/sealed-stream.ts';
import { type Environment, readEnvironment } from '../lib/environment.ts';
import { serverVersion } from '../lib/server-version.ts';
import { type CommandContext, withUnhurriedDatabase } from './command.ts';

/** Which backup, and where its key is. */
export interface BackupFile {
  readonly file: string;
  /** Undefined: the key is in `BACKUP_KEY`. */
  readonly keyFile: string | undefined;
}

/** Writes a backup. The file appears whole or not at all; one that is there is not overwritten. */
export async function writeBackup({ env, out }: CommandContext, backup: BackupFile): Promise<number> {
  const config = loadConfig(env);
  const key = await readBackupKey(env, backup.keyFile);
  const unfinished = `${backup.file}.unfinished`;
  const sums = await withUnhurriedDatabase(config, (db) =>
    saveDatabase(db, serverVersion(), async (records) => {
      const counted = countingEnd(records);
      await writeDurably(unfinished, sealStream(key, encodeRecords(counted.records)));
      return counted.sums();
    }),
  );
  try {
    // A link fails where something is already, unlike a rename.
    await link(unfinished, backup.file);
  } finally {
    await rm(unfinished, { force: true });
  }
  out(`${backup.file}\n${tableOf(sums)}`);
  return 0;
}

/** Reads a backup to its end. @throws {BackupError} it is not whole, not under this key, or none. */
export async function verifyBackup({ env, out }: CommandContext, backup: BackupFile): Promise<number> {
  const key = await readBackupKey(env, backup.keyFile);
  let taken = '';
  let sums: Readonly<Record<string, TableSum>> = {};
  for await (const record of readBackup(backup.file, key)) {
    if ('kind' in record) taken = `taken ${record.takenAt} by zkvault ${record.server}`;
    if ('end' in record) sums = record.end;
  }
  out(`The backup is whole: ${taken}.\n${tableOf(sums)}`);
  return 0;
}

/** The records of a backup. @throws {BackupError} */
export function readBackup(file: string, key: BackupKey): AsyncGenerator<BackupRecord> {
  return decodeRecords(openStream(key, createReadStream(file) as AsyncIterable<Buffer>));
}

/** @throws {BackupError} `key-invalid`: there is none, or it is not one. */
export async function readBackupKey(env: Environment, keyFile: string | undefined): Promise<BackupKey> {
  if (keyFile !== undefined) return parseBackupKey(await readFile(keyFile, 'utf8'));
  const reader = readEnvironment(env);
  const text = reader.read({ name: 'BACKUP_KEY', wish: 'must be text', parse: (given) => given }, undefined);
  reader.finish();
  if (text === undefined) throw new BackupError('key-invalid');
  return parseBackupKey(text);
}

/** Rows of each table, for people. */
export function tableOf(sums: Readonly<Record<string, TableSum>>): string {
  return Object.entries(sums)
    .map(([name, { rows }]) => `  ${String(rows).padStart(8)} ${name}\n`)
    .join('');
}

function countingEnd(records: AsyncIterable<BackupRecord>) {
  let sums: Readonly<Record<string, TableSum>> = {};
  return {
    sums: () => sums,
    records: (async function* passing() {
      for await (const record of records) {
        if ('end' in record) sums = record.end;
        yield record;
      }
    })(),
  };
}

async function writeDurably(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const piece of bytes) await handle.writeFile(piece);
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
