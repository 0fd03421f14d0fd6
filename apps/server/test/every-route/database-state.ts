/** @file Everything that the database holds, as one text, to compare before and after. */
import { sql } from 'kysely';
import type { Db } from '../../src/db/schema.ts';

/** Records of what was tried are no change of anybody's data. */
const RECORDS = ['audit_events', 'audit_heads', 'login_failures'];

/** Every row of every table of data, in a fixed order. */
export async function databaseState(db: Db): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  const texts: string[] = [];
  for (const { name } of tables) {
    if (RECORDS.includes(name)) continue;
    const { rows } = await sql<{ text: string }>`
      select to_jsonb(row)::text as text from ${sql.table(name)} as row order by 1`.execute(db);
    texts.push(name, ...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}
