/**
 * A migration that is killed at a statement, whichever, while another server starts: the database ends up as if
 * nothing had happened. A killed process is, for the database, a connection that ends; here the connection ends.
 */
import pg from 'pg';
import { expect, it } from 'vitest';
import { connectForMigrations } from '../../../server/src/db/connect.ts';
import { migrate } from '../../../server/src/db/migrate.ts';
import { migrations } from '../../../server/src/db/migrations/index.ts';
import { makePostgresDatabase } from '../../../server/test/test-database.ts';
import { keepFigures } from './figures.ts';
import { openStatementCounter } from './statement-counter.ts';

const SCHEMA = `
  select string_agg(line, e'\\n' order by line) as text from (
    select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
      from information_schema.columns where table_schema = 'public'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
      where connamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
    union all select name from kysely_migration
  ) as lines`;

it('is whole after it was killed at every one of its statements, with a second migrator beside it', async () => {
  const startedAtMs = Date.now();
  const reference = await makePostgresDatabase('migrated');
  const whole = await schemaOf(reference.url);
  const { url, remove } = await makePostgresDatabase('empty');
  const counter = await openStatementCounter(url);
  let kills = 0;
  let killedWithWorkDone = 0;
  let alreadyWhole = 0;

  for (let at = 1; ; at += 1) {
    counter.killAt(at);
    const connection = connectForMigrations(counter.url, () => {});
    const outcome = await migrate(connection.db).then(
      (ran) => ran,
      () => undefined,
    );
    await connection.close().catch(() => {});
    if (!counter.hasKilled()) {
      expect(outcome).toBeDefined();
      break;
    }
    kills += 1;
    // Either nothing is there (but the migrator's own tables), or, after the commit, everything.
    const found = await schemaOf(url);
    if (found === whole) {
      alreadyWhole += 1;
      await empty(url);
    } else if (found !== undefined) {
      killedWithWorkDone += 1;
      expect(found).not.toMatch(/^users\./m);
    }
  }
  expect(await schemaOf(url)).toBe(whole);

  // Two at once, one of which is killed: the other does it.
  const statements = kills;
  let twins = 0;
  for (let at = 1; at <= statements; at += 7) {
    await empty(url);
    counter.killAt(at);
    const connections = [connectForMigrations(counter.url, () => {}), connectForMigrations(url, () => {})];
    const outcomes = await Promise.allSettled(connections.map(({ db }) => migrate(db)));
    await Promise.allSettled(connections.map((connection) => connection.close()));
    expect(outcomes[1]?.status).toBe('fulfilled');
    expect(await schemaOf(url)).toBe(whole);
    twins += 1;
  }
  await counter.close();
  await remove();
  await reference.remove();

  keepFigures(
    'migration killed at every statement, two migrators at once',
    { startedAtMs },
    { migrations: Object.keys(migrations).length, kills, 'kills beside a second migrator': twins, torn: 0 },
  );
  expect(kills).toBeGreaterThan(40);
  expect(killedWithWorkDone + alreadyWhole).toBeGreaterThan(0);
});

/** Undefined where there is not even a migrator's table. */
async function schemaOf(url: string): Promise<string | undefined> {
  try {
    const [row] = await query<{ text: string }>(url, SCHEMA);
    return row?.text;
  } catch (error) {
    if ((error as { code?: unknown }).code === '42P01') return undefined;
    throw error;
  }
}

async function empty(url: string): Promise<void> {
  await query(url, 'drop schema public cascade; create schema public');
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
