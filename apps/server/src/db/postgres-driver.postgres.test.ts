/** @file Statements that are prepared, share connections and are not waited for (ADR 0031). */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestDatabase } from '../../test/test-database.ts';
import type { Connection } from './connect.ts';
import { isDatabaseUnavailable } from './database-errors.ts';
import { deferredStatement, statement } from './statement.ts';

let connection: Connection;

beforeAll(async () => {
  connection = await openTestDatabase();
  await sql`create table marks (id integer primary key, text text)`.execute(connection.db);
});
afterAll(() => connection.close());

const backend = statement<{ readonly pid: number }>('select pg_backend_pid() as pid, $1::int', 'quick');
const mark = statement('insert into marks values ($1, $2)', 'unawaited');
const marks = async () =>
  (await sql<{ id: number }>`select id from marks order by id`.execute(connection.db)).rows.map(
    ({ id }) => id,
  );

describe('quick reads', () => {
  it('share two connections', async () => {
    const rows = await Promise.all(
      Array.from({ length: 100 }, (_, index) => backend(connection.db, [index])),
    );

    expect(new Set(rows.map(([row]) => row?.pid)).size).toBe(2);
  });

  it('fail alone: those behind are answered', async () => {
    const divide = statement<{ readonly result: number }>('select 12 / $1::int as result', 'quick');
    const outcomes = await Promise.allSettled([3, 0, 4, 0, 6].map((by) => divide(connection.db, [by])));

    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(outcomes[4]).toMatchObject({ value: [{ result: 2 }] });
  });

  it('say so when their connection breaks, and are answered on a new one', async () => {
    const slow = statement('select pg_sleep($1)', 'quick');
    const [row] = await backend(connection.db, [0]);
    const waiting = Promise.allSettled(Array.from({ length: 4 }, () => slow(connection.db, [5])));
    await vi.waitFor(async () => {
      const { rows } =
        await sql`select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`.execute(
          connection.db,
        );
      expect(rows.length).toBeGreaterThan(0);
    });
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where query like 'select pg_sleep%' and pid <> pg_backend_pid()`.execute(connection.db);

    const outcomes = await waiting;
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'rejected'));
    for (const outcome of outcomes)
      expect(isDatabaseUnavailable((outcome as PromiseRejectedResult).reason)).toBe(true);
    const [next] = await backend(connection.db, [0]);
    expect(next?.pid).not.toBe(row?.pid);
  });
});

describe('a connection that quick reads share', () => {
  it('is given up if it does not answer, and the reads are answered on a new one', {
    timeout: 60_000,
  }, async () => {
    const slow = statement('select pg_sleep($1)', 'quick');
    const backends = async (): Promise<ReadonlySet<number | undefined>> => {
      const rows = await Promise.all(
        Array.from({ length: 40 }, (_, index) => backend(connection.db, [index])),
      );
      return new Set(rows.map(([row]) => row?.pid));
    };
    const before = await backends();
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => slow(connection.db, [30])));

    for (const outcome of outcomes)
      expect(isDatabaseUnavailable((outcome as PromiseRejectedResult).reason)).toBe(true);
    const after = await backends();
    expect([before.size, after.size]).toEqual([2, 2]);
    for (const pid of before) expect(after).not.toContain(pid);
  });
});

describe('a transaction', () => {
  it('gives the rows of a statement that it did not wait for', async () => {
    const double = deferredStatement<{ readonly twice: number }>('select 2 * $1::int as twice');
    const rows = await connection.db.transaction().execute(async (tx) => {
      const twice = await Promise.all([double(tx, [1]), double(tx, [2])]);
      await sql`select 1`.execute(tx);
      return Promise.all(twice.map((answer) => answer()));
    });

    expect(rows).toEqual([[{ twice: 2 }], [{ twice: 4 }]]);
  });

  it('keeps what was not waited for', async () => {
    await connection.db.transaction().execute(async (tx) => {
      await mark(tx, [1, 'one']);
      await mark(tx, [2, 'two']);
    });

    expect(await marks()).toEqual([1, 2]);
  });

  it('fails with the first error of what was not waited for, at the commit', async () => {
    const doing = connection.db.transaction().execute(async (tx) => {
      await mark(tx, [3, 'three']);
      await mark(tx, [1, 'again']);
      await mark(tx, [4, 'four']);
    });

    await expect(doing).rejects.toMatchObject({ code: '23505' });
    expect(await marks()).toEqual([1, 2]);
  });

  it('or at the next statement, which does not count', async () => {
    const doing = connection.db.transaction().execute(async (tx) => {
      await mark(tx, [1, 'again']);
      await sql`select 1`.execute(tx);
      throw new RangeError('not reached');
    });

    await expect(doing).rejects.toMatchObject({ code: '23505' });
  });

  it('takes back what was not waited for', async () => {
    const doing = connection.db.transaction().execute(async (tx) => {
      await mark(tx, [5, 'five']);
      throw new RangeError('taken back');
    });

    await expect(doing).rejects.toThrow('taken back');
    expect(await marks()).toEqual([1, 2]);
  });

  it('tells an error in the words of the statement', async () => {
    const explained = statement('insert into marks values ($1, $2)', 'unawaited', (cause) => {
      return new RangeError('the mark is taken', { cause });
    });
    const doing = connection.db.transaction().execute((tx) => explained(tx, [1, 'again']));

    await expect(doing).rejects.toThrow('the mark is taken');
  });

  it('leaves the error of an earlier statement as it was, whatever the next one would say of its own', async () => {
    const explained = statement('select $1::int', 'alone', (cause) => new RangeError('mine', { cause }));
    const doing = connection.db.transaction().execute(async (tx) => {
      await mark(tx, [1, 'again']);
      await explained(tx, [1]);
    });

    await expect(doing).rejects.toMatchObject({ code: '23505' });
    await expect(explained(connection.db, ['no number'])).rejects.toThrow('mine');
  });
});

describe('a statement whose table was changed', () => {
  const all = statement<Record<string, unknown>>('select * from marks where id = $1', 'quick');

  it('is prepared anew', async () => {
    const before = await Promise.all([1, 2, 1, 2].map((id) => all(connection.db, [id])));
    await sql`alter table marks add column more integer default 7`.execute(connection.db);
    const after = await Promise.all([1, 2, 1, 2].map((id) => all(connection.db, [id])));

    expect(before[0]).toEqual([{ id: 1, text: 'one' }]);
    expect(after.map(([row]) => row?.['more'])).toEqual([7, 7, 7, 7]);
  });

  it('in a transaction asks its caller to come again', async () => {
    const ask = () =>
      connection.db
        .transaction()
        .execute(async (tx) => (await sql`select * from marks where id > ${0}`.execute(tx)).rows);
    await Promise.all(Array.from({ length: 10 }, ask));
    await sql`alter table marks add column most integer`.execute(connection.db);

    await expect(ask()).rejects.toSatisfy(isDatabaseUnavailable);
    expect(await ask()).toHaveLength(2);
  });
});
