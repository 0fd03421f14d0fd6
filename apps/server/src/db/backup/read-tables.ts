/** @file Reads every row of every table, a few at a time. */
import { sql } from 'kysely';
import type { BackupRecord, BackupRow } from '../../lib/backup/records.ts';
import type { Tx } from '../schema.ts';
import { type CatalogTable, fixTextForms } from './catalog.ts';

/** Rows that are in memory at once; the largest is less than a megabyte. */
const ROWS_AT_ONCE = 64;

/** Gives the tables and their rows. @param tx one that sees one snapshot. */
export async function* readTables(
  tx: Tx,
  tables: readonly CatalogTable[],
): AsyncGenerator<Extract<BackupRecord, { readonly table: string } | { readonly row: BackupRow }>> {
  await fixTextForms(tx);
  for (const { name, columns } of tables) {
    yield { table: name, columns: columns.map((column) => column.name) };
    const values = columns.map((column, at) => sql`${sql.ref(column.name)}::text as ${sql.ref(`c${at}`)}`);
    await sql`declare backup_rows no scroll cursor for
      select ${sql.join(values)} from ${sql.table(name)}`.execute(tx);
    for (;;) {
      const { rows } = await sql<Record<string, string | null>>`
        fetch ${sql.lit(ROWS_AT_ONCE)} from backup_rows`.execute(tx);
      for (const row of rows) yield { row: columns.map((_column, at) => row[`c${at}`] ?? null) };
      if (rows.length < ROWS_AT_ONCE) break;
    }
    await sql`close backup_rows`.execute(tx);
  }
}
