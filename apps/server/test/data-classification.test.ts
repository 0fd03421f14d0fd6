/** Every column has a class, and every class says how it is protected: docs/data-classification.json, docs/inventory.md. */
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from './test-database.ts';

const { classes, tables } = JSON.parse(
  readFileSync(new URL('../../../docs/data-classification.json', import.meta.url), 'utf8'),
) as {
  readonly classes: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

let connection: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  connection = await openTestDatabase();
});
afterAll(() => connection.close());

describe('the classification of data', () => {
  it('has every column of the schema, and no other', async () => {
    const { rows } = await sql<{ name: string }>`
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public'`.execute(connection.db);
    const classified = Object.entries(tables).flatMap(([table, columns]) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    );

    expect(classified.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  });

  it('says of every class how it is protected', () => {
    const used = new Set(Object.values(tables).flatMap((columns) => Object.values(columns)));

    expect([...used].toSorted()).toEqual(Object.keys(classes).toSorted());
  });
});
