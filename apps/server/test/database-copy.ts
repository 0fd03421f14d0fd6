/** @file Accounts as rows, so that tests can begin with the same ones each time. */
import { sql } from 'kysely';
import type { Db } from '../src/db/schema.ts';

/** In the order in which they can be written. */
const tables = [
  'users',
  'sessions',
  'refresh_tokens',
  'recovery_keys',
  'vaults',
  'manifests',
  'entries',
] as const;

/** Copies every row of an account. */
export async function readRows(db: Db): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const table of tables) {
    const { rows } = await sql<{ text: string }>`
      select coalesce(jsonb_agg(to_jsonb(row)), '[]')::text as text from ${sql.table(table)} as row`.execute(
      db,
    );
    texts.set(table, rows[0]?.text ?? '[]');
  }
  return texts;
}

/** Puts them back where nothing is. */
export async function writeRows(db: Db, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [table, text] of texts)
    await sql`insert into ${sql.table(table)}
      select * from jsonb_populate_recordset(null::${sql.table(table)}, ${text}::jsonb)`.execute(db);
}
