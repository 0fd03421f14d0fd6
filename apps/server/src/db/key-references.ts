/**
 * @file Which rows name which key of the server's ring. The columns are found in the schema (text columns
 * whose name ends in `key_id`), so that a new table is counted without being listed here.
 */
import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** How many rows of one column name one key. */
export interface KeyReferences {
  readonly table: string;
  /** Null: the rows do not tell. */
  readonly keyId: string | null;
  readonly rows: number;
}

/** @param only the tables to look at; all of them if left out. */
export async function countKeyReferences(
  db: Db,
  only?: readonly string[],
): Promise<readonly KeyReferences[]> {
  const { rows: columns } = await sql<{ table: string; column: string }>`
    select c.table_name as "table", c.column_name as "column"
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
      and c.data_type = 'text' and c.column_name ~ '(^|_)key_id$'
    order by 1, 2`.execute(db);
  const counted: KeyReferences[] = [];
  for (const { table, column } of columns) {
    if (only !== undefined && !only.includes(table)) continue;
    const { rows } = await sql<{ keyId: string | null; rows: number }>`
      select ${sql.ref(column)} as "keyId", count(*) as rows from ${sql.table(table)}
      group by 1 order by 1`.execute(db);
    counted.push(...rows.map((row) => ({ table, ...row })));
  }
  return counted;
}
