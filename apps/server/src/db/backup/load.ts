/** @file Records into a database that is empty, all of them or none. */
import { type RawBuilder, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { BackupError } from '../../lib/backup/backup-error.ts';
import {
  areSame,
  type BackupHeader,
  type BackupRecord,
  type BackupRow,
  makeSumming,
  type TableSum,
} from '../../lib/backup/records.ts';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Db, Tx } from '../schema.ts';
import { type CatalogTable, fixTextForms, listMigrations, listTables } from './catalog.ts';
import { readTables } from './read-tables.ts';

/** Rows that a migration has put into a table, by how they are told from others. */
const SEEDED: Readonly<Record<string, string>> = { audit_heads: 'last_seq = 0' };

/** What was loaded. */
export interface Loaded {
  readonly sums: Readonly<Record<string, TableSum>>;
  /** Migrations that ran after the load. */
  readonly migrated: readonly string[];
}

/**
 * Loads a backup: into a database without tables, which gets the backup's schema first, or into one that was
 * migrated to just that and never used. Then the schema is brought up to date.
 *
 * @param finish runs in the same transaction, after all is loaded and found to be as it was saved.
 * @throws {BackupError} `unknown-schema`, `schema-differs`, `database-not-empty`, `malformed`, `not-as-saved`.
 */
export async function loadDatabase(
  db: Db,
  header: BackupHeader,
  records: AsyncIterable<BackupRecord>,
  finish: (tx: Tx) => Promise<void>,
): Promise<Loaded> {
  await prepareSchema(db, header);
  const sums = await db.transaction().execute(async (tx) => {
    await fixTextForms(tx);
    const tables = await listTables(tx);
    await sql`lock table ${sql.join(tables.map(({ name }) => sql.table(name)))} in access exclusive mode`.execute(
      tx,
    );
    const seeded = await assertEmpty(tx, tables);
    const end = await writeRecords(tx, { tables, seeded }, records);
    if (!areSame(end, await sumsOf(tx, tables))) throw new BackupError('not-as-saved');
    await finish(tx);
    return end;
  });
  return { sums, migrated: await migrate(db) };
}

async function prepareSchema(db: Db, header: BackupHeader): Promise<void> {
  const known = Object.keys(migrations).toSorted();
  const wished = header.migrations;
  if (wished.length > known.length || wished.some((name, at) => name !== known[at]))
    throw new BackupError('unknown-schema');
  const present = await listMigrations(db);
  if (present === undefined) {
    if ((await listTables(db)).length > 0) throw new BackupError('database-not-empty');
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
    const { error } = await migrator.migrateTo(wished.at(-1) ?? '');
    if (error !== undefined) throw error;
    return;
  }
  // First what is the more important to know: that there is something in it.
  await assertEmpty(db, await listTables(db));
  if (present.join() !== wished.join()) throw new BackupError('schema-differs');
}

/** @returns the tables that have rows all the same. @throws {BackupError} `database-not-empty`. */
async function assertEmpty(db: Db, tables: readonly CatalogTable[]): Promise<ReadonlySet<string>> {
  const seeded = new Set<string>();
  for (const { name } of tables) {
    const isSeed = sql.raw<boolean>(SEEDED[name] ?? 'false');
    const { rows } = await sql<{ any: boolean; seeds: boolean }>`
      select exists (select from ${sql.table(name)}) as any,
        not exists (select from ${sql.table(name)} where not (${isSeed})) as seeds`.execute(db);
    if (rows[0]?.seeds !== true) throw new BackupError('database-not-empty');
    if (rows[0].any) seeded.add(name);
  }
  return seeded;
}

interface Target {
  readonly tables: readonly CatalogTable[];
  /** Tables with rows that give way to those of the same key. */
  readonly seeded: ReadonlySet<string>;
}

const ROWS_AT_ONCE = 200;
const CHARACTERS_AT_ONCE = 1_048_576;

async function writeRecords(
  tx: Tx,
  { tables, seeded }: Target,
  records: AsyncIterable<BackupRecord>,
): Promise<Readonly<Record<string, TableSum>>> {
  let write: ((rows: readonly BackupRow[]) => Promise<void>) | undefined;
  let batch: BackupRow[] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await write?.(batch);
    batch = [];
    characters = 0;
  };
  for await (const record of records) {
    if ('row' in record) {
      batch.push(record.row);
      for (const value of record.row) characters += value?.length ?? 0;
      if (batch.length >= ROWS_AT_ONCE || characters >= CHARACTERS_AT_ONCE) await flush();
      continue;
    }
    await flush();
    if ('end' in record) return record.end;
    if ('table' in record) {
      const table = tables.find(({ name }) => name === record.table);
      if (table === undefined || table.columns.map(({ name }) => name).join() !== record.columns.join())
        throw new BackupError('malformed');
      write = (rows) => insertRows(tx, table, rows, seeded.has(table.name));
    } else if ('sequence' in record) {
      await sql`select setval(${record.sequence}::text::regclass, ${record.last}::text::bigint,
        ${record.called}::boolean)`.execute(tx);
    }
  }
  throw new BackupError('malformed');
}

async function insertRows(
  tx: Tx,
  { name, columns, primaryKey }: CatalogTable,
  rows: readonly BackupRow[],
  replaces: boolean,
): Promise<void> {
  const names = columns.map((column) => sql.ref(column.name));
  // The casts come from the catalog of this database, not from the file.
  const values = columns.map(({ type }, at) => sql`(r ->> ${sql.lit(at)})::${sql.raw(type)}`);
  const updates: readonly RawBuilder<unknown>[] = names.map((column) => sql`${column} = excluded.${column}`);
  const conflict = replaces
    ? sql`on conflict (${sql.join(primaryKey.map((column) => sql.ref(column)))}) do update set ${sql.join(updates)}`
    : sql``;
  await sql`insert into ${sql.table(name)} (${sql.join(names)}) overriding system value
    select ${sql.join(values)} from json_array_elements(${JSON.stringify(rows)}::text::json) r
    ${conflict}`.execute(tx);
}

async function sumsOf(tx: Tx, tables: readonly CatalogTable[]): Promise<Readonly<Record<string, TableSum>>> {
  const summing = makeSumming();
  for await (const record of readTables(tx, tables)) {
    if ('table' in record) summing.begin(record.table);
    else summing.add(record.row);
  }
  return summing.sums();
}
