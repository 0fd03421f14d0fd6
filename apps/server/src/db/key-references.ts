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
  // Of the catalogue: the same of information_schema takes a tenth of a start.
  const { rows: columns } = await sql<{ table: string; column: string }>`
    select t.relname as "table", c.attname as "column"
    from pg_attribute c
    join pg_class t on t.oid = c.attrelid
    where t.relnamespace = current_schema()::regnamespace and t.relkind = 'r'
      and c.attnum > 0 and not c.attisdropped
      and c.atttypid = 'text'::regtype and c.attname ~ '(^|_)key_id$'
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
