import { type Kysely, sql } from 'kysely';

/** The tables that are written at nearly every request. */
const TABLES = [
  'sessions',
  'refresh_tokens',
  'vaults',
  'entries',
  'entry_versions',
  'manifests',
  'audit_events',
  'audit_heads',
  'idempotency_keys',
] as const;

/**
 * Folds the check constraints of the tables that are written most into one function each, made of the very
 * same conditions. PostgreSQL parses and plans every check of a table anew for every statement that writes to
 * it, which was half the work of a small commit; the body of a function it plans once per connection
 * (docs/adr/0032-checks-folded-into-functions.md).
 *
 * A check passes unless it is false, and so does the conjunction of several.
 *
 * Lock: each table exclusively, while its rows are read once. Rollback: add the checks of migrations 0001,
 * 0002, 0005 and 0009 again, then drop the constraints and functions `TABLE_fits`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of TABLES) await foldChecks(db, table);
}

async function foldChecks(db: Kysely<unknown>, table: string): Promise<void> {
  const { rows: checks } = await sql<{ name: string; condition: string }>`
    select conname as name, pg_get_expr(conbin, conrelid) as condition
    from pg_constraint where conrelid = ${table}::regclass and contype = 'c' order by conname`.execute(db);
  const { rows: columns } = await sql<{ name: string; type: string }>`
    select quote_ident(attname) as name, format_type(atttypid, atttypmod) as type
    from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and exists (
      select from pg_constraint
      where conrelid = attrelid and contype = 'c' and attnum = any(conkey)
    )
    order by attnum`.execute(db);
  const parameters = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  const conditions = checks.map(({ condition }) => condition).join('\n    and ');
  const statements = [
    `create function ${table}_fits(${parameters}) returns boolean language plpgsql immutable as $body$
     begin
       return ${conditions};
     end $body$`,
    ...checks.map(({ name }) => `alter table ${table} drop constraint ${name}`),
    `alter table ${table} add constraint ${table}_fits
       check (${table}_fits(${columns.map(({ name }) => name).join(', ')}))`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
