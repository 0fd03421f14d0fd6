/** @file Everything a database holds, as text: what a thief of a backup has. */
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

type Query = (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>;

/** Every value of every column of every table of a PostgreSQL database. */
export async function dumpPostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await dump(async (sql) => (await client.query<Record<string, string | null>>(sql)).rows);
  } finally {
    await client.end();
  }
}

/** Every value of every column of every table of an embedded database that no server has open. */
export async function dumpPglite(directory: string): Promise<string> {
  const pglite = await PGlite.create(directory);
  try {
    return await dump(async (sql) => (await pglite.query<Record<string, string | null>>(sql)).rows);
  } finally {
    await pglite.close();
  }
}

/** Every value of every column of these types, of a PostgreSQL database; bytea as `\\x` and hexadecimal digits. */
export async function readColumns(
  url: string,
  types: readonly string[],
): Promise<readonly { readonly column: string; readonly value: string }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ table: string; column: string }>(
      `select table_name as "table", column_name as "column" from information_schema.columns
        where table_schema = 'public' and data_type = any($1)`,
      [types],
    );
    const found: { column: string; value: string }[] = [];
    for (const { table, column } of columns) {
      const { rows } = await client.query<{ value: string }>(
        `select distinct "${column}"::text as value from "${table}" where "${column}" is not null`,
      );
      found.push(...rows.map(({ value }) => ({ column: `${table}.${column}`, value })));
    }
    return found;
  } finally {
    await client.end();
  }
}

async function dump(query: Query): Promise<string> {
  const columns = await query(
    `select c.table_schema as schema, c.table_name as "table", c.column_name as "column"
       from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const lines: string[] = [];
  for (const { schema, table, column } of columns) {
    const rows = await query(`select "${column}"::text as value from "${schema}"."${table}"`);
    lines.push(`${schema}.${table}.${column}`, ...rows.map(({ value }) => value ?? ''));
  }
  return lines.join('\n');
}
