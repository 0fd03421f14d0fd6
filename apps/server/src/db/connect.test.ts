import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../test/test-database.ts';
import type { Connection } from './connect.ts';

let connection: Connection;

beforeAll(async () => {
  connection = await openTestDatabase();
});
afterAll(() => connection.close());

describe('both engines', () => {
  it('give bigint as number, bytea as Uint8Array, timestamptz as Date', async () => {
    const { rows } = await sql<Record<string, unknown>>`select 9007199254740991::bigint as counter,
      '\\x00ff10'::bytea as bytes, ''::bytea as nothing,
      '2026-01-02T03:04:05.678Z'::timestamptz as time, count(*) as count`.execute(connection.db);

    expect(rows).toEqual([
      {
        counter: Number.MAX_SAFE_INTEGER,
        bytes: Uint8Array.of(0, 255, 16),
        nothing: new Uint8Array(),
        time: new Date('2026-01-02T03:04:05.678Z'),
        count: 1,
      },
    ]);
    expect(Object.getPrototypeOf(rows[0]?.['bytes'])).toBe(Uint8Array.prototype);
  });

  it('refuse an integer that a number cannot hold', async () => {
    const query = sql`select 9007199254740993::bigint as counter`.execute(connection.db);

    await expect(query).rejects.toThrow(RangeError);
  });

  it('keep 50 parallel transactions apart, those that fail among them', async () => {
    await sql`create table tally (id integer primary key, amount integer not null)`.execute(connection.db);
    await sql`insert into tally values (1, 0)`.execute(connection.db);

    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        connection.db.transaction().execute(async (tx) => {
          const { rows } = await sql<{
            amount: number;
          }>`select amount from tally where id = 1 for update`.execute(tx);
          await sql`select 1`.execute(tx);
          await sql`update tally set amount = ${(rows[0]?.amount ?? 0) + 1} where id = 1`.execute(tx);
          if (index % 5 === 0) throw new RangeError('taken back');
        }),
      ),
    );
    const { rows } = await sql<{ amount: number }>`select amount from tally`.execute(connection.db);

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(40);
    expect(rows).toEqual([{ amount: 40 }]);
  });

  it('have an index for every foreign key', async () => {
    const { rows } = await sql<{ name: string }>`select conrelid::regclass || ' ' || conname as name
      from pg_constraint c where contype = 'f' and not exists (
        select from pg_index i where i.indrelid = c.conrelid
        and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)`.execute(connection.db);

    expect(rows).toEqual([]);
  });

  it.for([
    ['a login of no length', { login: '' }],
    ['a role that does not exist', { role: 'god' }],
    ['an unknown profile', { kdf_profile: 4 }],
    ['a salt of 15 bytes', { kdf_salt: 'A'.repeat(20) }],
    ['a verifier in clear', { verifier: 'A'.repeat(43) }],
    ['a wrap without the rest', { wrap_ciphertext: 'AAAA' }],
  ] as const)('refuse an account with %s, whoever writes it', async ([, change]) => {
    const row = {
      id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
      login: 'ada',
      kdf_profile: 1,
      kdf_salt: 'A'.repeat(22),
      verifier: '$argon2id$',
      verifier_key_id: 'k',
      ...change,
    };

    const insert = connection.db
      .insertInto('users')
      .values(row as never)
      .execute();

    await expect(insert).rejects.toMatchObject({ code: '23514' });
  });
});
