/** @file The content of a database as records, from one snapshot. */
import { sql } from 'kysely';
import { type BackupRecord, makeSumming } from '../../lib/backup/records.ts';
import type { Db } from '../schema.ts';
import { listMigrations, listSequences, listTables } from './catalog.ts';
import { readTables } from './read-tables.ts';

/**
 * Reads the database, beside whatever writes to it. The consumer's pace is kept: nothing is read ahead.
 *
 * @param consume takes the records; the snapshot is given up when it is done.
 * @throws {RangeError} the database was never migrated.
 */
export function saveDatabase<Result>(
  db: Db,
  server: string,
  consume: (records: AsyncIterable<BackupRecord>) => Promise<Result>,
): Promise<Result> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      const migrations = await listMigrations(tx);
      if (migrations === undefined)
        throw new RangeError('there is nothing to save: the database has no schema');
      const { rows } = await sql<{ now: Date }>`select now() as now`.execute(tx);
      const takenAt = (rows[0]?.now ?? new Date(0)).toISOString();
      async function* records(): AsyncGenerator<BackupRecord> {
        const summing = makeSumming();
        yield { kind: 'zkvault-backup', format: 1, takenAt, server, migrations: migrations ?? [] };
        for await (const record of readTables(tx, await listTables(tx))) {
          if ('table' in record) summing.begin(record.table);
          else summing.add(record.row);
          yield record;
        }
        yield* await listSequences(tx);
        yield { end: summing.sums() };
      }
      return consume(records());
    });
}
