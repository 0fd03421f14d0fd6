import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type LiveConnection } from './connect.ts';
import { DataDirectoryInUseError } from './data-directory-lock.ts';
import { isUniqueViolation } from './database-errors.ts';
import { EmbeddedDatabaseError } from './embedded-database.ts';

let directory: string;
let connection: LiveConnection;

const open = (folder: string): LiveConnection =>
  connect({ kind: 'pglite', dataDirectory: join(directory, folder) }, () => {});

async function rowsOf<Row>(query: ReturnType<typeof sql<Row>>): Promise<readonly Row[]> {
  return (await query.execute(connection.db)).rows;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-embedded-'));
  connection = open('one');
  await connection.opened;
  await sql`create table notes (id integer primary key, body bytea)`.execute(connection.db);
});
afterAll(async () => {
  await connection.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the embedded database in its thread', () => {
  it('gives bigint as number, bytea as Uint8Array, timestamptz as Date, and refuses what no number holds', async () => {
    const found = await rowsOf(sql<Record<string, unknown>>`select 9007199254740991::bigint as counter,
      '\\x00ff10'::bytea as bytes, '2026-01-02T03:04:05.678Z'::timestamptz as time`);
    const tooLarge = rowsOf(sql`select 9007199254740992::bigint`);

    expect(found).toEqual([
      {
        counter: Number.MAX_SAFE_INTEGER,
        bytes: Uint8Array.of(0, 255, 16),
        time: new Date('2026-01-02T03:04:05.678Z'),
      },
    ]);
    expect(Object.getPrototypeOf(found[0]?.['bytes'])).toBe(Uint8Array.prototype);
    await expect(tooLarge).rejects.toMatchObject({ name: 'RangeError' });
  });

  it('takes bytes that share their memory with others, alone and in lists', async () => {
    const neighbours = Uint8Array.of(1, 2, 3, 4, 5, 6);

    const found = await rowsOf(
      sql`select ${neighbours.subarray(2, 4)}::bytea as alone, ${[Buffer.from('ab'), neighbours.subarray(5)]}::bytea[] as list`,
    );

    expect(found).toEqual([{ alone: Uint8Array.of(3, 4), list: [Uint8Array.of(97, 98), Uint8Array.of(6)] }]);
  });

  it('tells errors apart by code and constraint', async () => {
    await sql`insert into notes values (1, null)`.execute(connection.db);

    const error = await sql`insert into notes values (1, null)`
      .execute(connection.db)
      .catch((thrown) => thrown);

    expect(isUniqueViolation(error)).toBe(true);
    expect(error).toMatchObject({ code: '23505', constraint: 'notes_pkey', table: 'notes' });
  });

  it('takes back a transaction that throws, and one that commits after a failed statement', async () => {
    const thrown = connection.db.transaction().execute(async (tx) => {
      await sql`insert into notes values (2, null)`.execute(tx);
      throw new RangeError('taken back');
    });
    await expect(thrown).rejects.toThrow('taken back');
    const hidden = connection.db.transaction().execute(async (tx) => {
      await sql`insert into notes values (3, null)`.execute(tx);
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    });
    await expect(hidden).rejects.toThrow(/transaction/i);

    expect(await rowsOf(sql`select id from notes where id in (2, 3)`)).toEqual([]);
  });

  it('keeps 30 transactions and 30 statements apart that come at once', async () => {
    await sql`create table tally (amount integer not null)`.execute(connection.db);
    await sql`insert into tally values (0)`.execute(connection.db);
    const add = (index: number): Promise<void> =>
      connection.db.transaction().execute(async (tx) => {
        const { rows } = await sql<{ amount: number }>`select amount from tally`.execute(tx);
        await sql`update tally set amount = ${(rows[0]?.amount ?? 0) + 1}`.execute(tx);
        if (index % 3 === 0) throw new RangeError('taken back');
      });

    await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        index % 2 === 0 ? add(index / 2) : rowsOf(sql`select amount from tally`),
      ),
    );

    expect(await rowsOf(sql`select amount from tally`)).toEqual([{ amount: 20 }]);
  });

  it('tells what the database notifies of', async () => {
    const told: string[] = [];
    const stop = await connection.changes.listen({
      onPayload: (payload) => told.push(payload),
      onListening: () => told.push('listening'),
      onLost: () => told.push('lost'),
    });

    await sql`select pg_notify('zkvault_changes', 'heard')`.execute(connection.db);
    await expect.poll(() => told).toEqual(['listening', 'heard']);
    await stop();
    await sql`select pg_notify('zkvault_changes', 'too late')`.execute(connection.db);
    await sql`select 1`.execute(connection.db);

    expect(told).toEqual(['listening', 'heard']);
  });

  it('is open once at a time, and keeps its rows from one opening to the next', async () => {
    const first = open('again');
    await sql`create table kept as select 7 as amount`.execute(first.db);
    expect(() => open('again')).toThrow(DataDirectoryInUseError);
    await first.close();

    const second = open('again');
    const { rows } = await sql`select amount from kept`.execute(second.db);
    await second.close();

    expect(rows).toEqual([{ amount: 7 }]);
    await expect(sql`select 1`.execute(second.db)).rejects.toThrow(/destroyed/);
  });

  it('says so when it does not open, and gives its directory free', async () => {
    const made = open('damaged');
    await made.opened;
    await made.close();
    cpSync(join(directory, 'damaged'), join(directory, 'sound'), { recursive: true });
    writeFileSync(join(directory, 'damaged/pglite/global/pg_control'), '');

    const damaged = open('damaged');
    await expect(damaged.opened).rejects.toThrow(EmbeddedDatabaseError);
    await expect(damaged.opened).rejects.toThrow(/damaged does not open; .*restore a backup/);
    await damaged.close();
    rmSync(join(directory, 'damaged'), { recursive: true });
    cpSync(join(directory, 'sound'), join(directory, 'damaged'), { recursive: true });
    const mended = open('damaged');
    await mended.opened;
    await mended.close();
  });

  it('leaves nothing where it was started if compiled code is not kept', async () => {
    vi.stubEnv('NODE_COMPILE_CACHE', undefined);
    const opened = open('uncompiled');
    vi.unstubAllEnvs();
    await opened.opened;
    await opened.close();

    expect(existsSync('undefined')).toBe(false);
  });

  it('may be closed before it is open', async () => {
    const opening = open('closed');

    await opening.close();

    expect(() => rmSync(join(directory, 'closed'), { recursive: true })).not.toThrow();
  });
});
