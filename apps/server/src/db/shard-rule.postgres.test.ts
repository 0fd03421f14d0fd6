/**
 * @file The rule that docs/scaling.md rests on: what belongs to a vault is found by its vault's id, and by
 * nothing that vaults share.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../test/test-database.ts';
import type { Connection } from './connect.ts';

/** The tables of a vault. */
const VAULT_TABLES = ['entries', 'entry_versions', 'manifests', 'staged_entries', 'vault_rotations'];

/** Tables that name a vault and belong to an account: an API key is found by its own id. */
const ACCOUNT_TABLES = ['api_key_wraps', 'api_keys'];

/** Statements that do not name the vault in their text, and why they need not. */
const WITHOUT_VAULT: Readonly<Record<string, string>> = {
  ENTRY: 'how two statements begin, both of which go on with the vault',
  insertManifests: 'every row it inserts has its vault',
  deleteAbandonedRotations: 'housekeeping: each shard does it for itself',
  countAll: 'counts for administrators: the sum of those of the shards',
};

let connection: Connection;

beforeAll(async () => {
  connection = await openTestDatabase();
});
afterAll(() => connection.close());

describe('the schema', () => {
  it('has these tables that name a vault, and no others', async () => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'vault_id'
        and table_name in (select table_name from information_schema.tables where table_type = 'BASE TABLE')
      order by table_name`.execute(connection.db);

    expect(rows.map(({ name }) => name)).toEqual([...VAULT_TABLES, ...ACCOUNT_TABLES].toSorted());
  });

  it('has the vault first in every key and every unique index of a vault’s table', async () => {
    const { rows } = await sql<{ index: string; column: string }>`
      select indexrelid::regclass::text as index, attname as column
      from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]
      where indisunique and indrelid::regclass::text = any(${VAULT_TABLES}::text[])`.execute(connection.db);

    expect(rows.length).toBeGreaterThanOrEqual(VAULT_TABLES.length);
    expect(rows.filter(({ column }) => column !== 'vault_id')).toEqual([]);
  });

  it('leads from a vault’s table to nothing but its vault', async () => {
    const { rows } = await sql<{ name: string; columns: readonly string[] }>`
      select conname as name, array(
        select attname::text from pg_attribute where attrelid = conrelid and attnum = any(conkey)
      ) as columns
      from pg_constraint
      where contype = 'f' and conrelid::regclass::text = any(${VAULT_TABLES}::text[])`.execute(connection.db);

    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ columns }) => !columns.includes('vault_id'))).toEqual([]);
  });

  it('has no sequence, which all shards would wait for', async () => {
    const { rows } = await sql`select from pg_sequences`.execute(connection.db);

    expect(rows).toHaveLength(0);
  });
});

describe('the statements', () => {
  const stores = storesBelow(join(import.meta.dirname, '../features'));
  const functions = stores.flatMap(functionsOf);
  const aboutVaults = functions.filter(({ text }) =>
    new RegExp(
      `(?:from|join|into|update|using|From|Join|Into|Table)[\\s('"]+(?:${VAULT_TABLES.join('|')})\\b`,
    ).test(text),
  );

  it('are found', () => {
    expect(stores.length).toBeGreaterThan(15);
    expect(aboutVaults.length).toBeGreaterThan(15);
  });

  it('name the vault wherever they touch what belongs to one', () => {
    const without = aboutVaults.filter(({ text }) => !/vault_id|defaultVaultOf/.test(text));

    expect(without.map(({ name }) => name).toSorted()).toEqual(Object.keys(WITHOUT_VAULT).toSorted());
  });
});

function storesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('store.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
}

/** The functions and the statements of a module, with their comments. */
function functionsOf(text: string): readonly { readonly name: string; readonly text: string }[] {
  return text
    .split(/^(?=(?:export )?(?:async )?(?:function|const) )/m)
    .map((part) => ({
      name: /^(?:export )?(?:async )?(?:function|const) (\w+)/.exec(part)?.[1] ?? '',
      text: part,
    }))
    .filter(({ name }) => name !== '');
}
