/**
 * @file Which tables there are, asked of the database itself, so that a new table is saved without being
 * listed anywhere. The migrator's own tables are left out: a backup names the migrations instead.
 */
import { sql } from 'kysely';
import type { Db } from '../schema.ts';

/** A column that holds data of its own. */
export interface CatalogColumn {
  readonly name: string;
  /** As PostgreSQL writes it in a cast, such as `timestamp(3) with time zone`. */
  readonly type: string;
}

/** A table. */
export interface CatalogTable {
  readonly name: string;
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: readonly string[];
  /** Tables that its foreign keys lead to. */
  readonly needs: readonly string[];
}

/** The tables, each after those that it needs. @throws {RangeError} foreign keys lead in a circle. */
export async function listTables(db: Db): Promise<readonly CatalogTable[]> {
  const { rows } = await sql<CatalogTable>`
    select t.table_name::text as name,
      (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
          order by a.attnum), '[]')
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select coalesce(json_agg(a.attname order by a.attnum), '[]')
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as "primaryKey",
      (select coalesce(json_agg(distinct f.relname::text), '[]')
        from pg_constraint k join pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f') as needs
    from information_schema.tables t
    join pg_class c on c.relname = t.table_name
      and c.relnamespace = (select oid from pg_namespace where nspname = t.table_schema)
    where t.table_schema = current_schema() and t.table_type = 'BASE TABLE'
      and t.table_name not in ('kysely_migration', 'kysely_migration_lock')
    order by 1`.execute(db);
  return inOrder(rows);
}

function inOrder(tables: readonly CatalogTable[]): readonly CatalogTable[] {
  const ordered: CatalogTable[] = [];
  const placed = new Set<string>();
  while (ordered.length < tables.length) {
    const next = tables.filter(
      ({ name, needs }) => !placed.has(name) && needs.every((need) => placed.has(need)),
    );
    if (next.length === 0) throw new RangeError('the foreign keys of the tables lead in a circle');
    for (const table of next) {
      ordered.push(table);
      placed.add(table.name);
    }
  }
  return ordered;
}

/** Where a sequence stands. */
export interface SequenceState {
  readonly sequence: string;
  readonly last: string;
  readonly called: boolean;
}

/** The sequences, in the order of their names. */
export async function listSequences(db: Db): Promise<readonly SequenceState[]> {
  const { rows: names } = await sql<{ name: string }>`
    select sequencename::text as name from pg_sequences where schemaname = current_schema()
    order by 1`.execute(db);
  const states: SequenceState[] = [];
  for (const { name } of names) {
    const { rows } = await sql<SequenceState>`
      select ${name}::text as sequence, last_value::text as last, is_called as called
      from ${sql.table(name)}`.execute(db);
    states.push(...rows);
  }
  return states;
}

/** The migrations that the database has, in their order; undefined if it was never migrated. */
export async function listMigrations(db: Db): Promise<readonly string[] | undefined> {
  const { rows: found } = await sql<{ there: boolean }>`
    select exists (select from information_schema.tables
      where table_schema = current_schema() and table_name = 'kysely_migration') as there`.execute(db);
  if (found[0]?.there !== true) return undefined;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** Values are written and read as text, so the settings that this depends on are fixed for the transaction. */
export async function fixTextForms(db: Db): Promise<void> {
  for (const setting of [
    "timezone = 'UTC'",
    "datestyle = 'ISO, YMD'",
    "intervalstyle = 'postgres'",
    "bytea_output = 'hex'",
    'extra_float_digits = 1',
  ])
    await sql.raw(`set local ${setting}`).execute(db);
}
