/** Backups between PostgreSQL and the embedded database, and everything that a restore refuses. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePostgresDatabase } from '../../test/test-database.ts';
import { runCommandLine } from '../command-line.ts';
import { loadConfig } from '../config.ts';
import { connectForMigrations } from '../db/connect.ts';
import { migrations } from '../db/migrations/index.ts';
import type { Db } from '../db/schema.ts';
import { makeAudit } from '../features/audit/service.ts';
import { verifyAudit } from '../features/audit/verify-service.ts';
import { makeKeyRing } from '../lib/key-ring.ts';
import { withDatabase } from './command.ts';

const CANARY = 'canary-Qx7mVt2Wp9-of-a-login';
const ID = '018f0000-0000-7000-8000-00000000000';
const keyRing = makeKeyRing([{ id: 'test', secret: new Uint8Array(32).fill(7) }]);

const directory = mkdtempSync(join(tmpdir(), 'zkvault-backup-'));
const file = (name: string) => join(directory, name);
const databases: { remove(): Promise<void> }[] = [];
let source: string;

async function database(content: 'empty' | 'migrated'): Promise<string> {
  const made = await makePostgresDatabase(content);
  databases.push(made);
  return made.url;
}

async function run(args: string, env: Readonly<Record<string, string>>) {
  const text = { out: '', err: '' };
  const code = await runCommandLine(args.split(' '), {
    env,
    out: (part) => void (text.out += part),
    err: (part) => void (text.err += part),
  });
  return { code, ...text };
}

const at = (url: string) => ({ DATABASE_URL: url, ZKVAULT_DATA_DIR: file('unused') });
const within = <Result>(env: Record<string, string>, work: (db: Db) => Promise<Result>) =>
  withDatabase(loadConfig(env), work);

/** Every row of every table as text, in an order of its own. */
async function contentOf(db: Db): Promise<Record<string, string[]>> {
  const { rows: tables } = await sql<{
    name: string;
  }>`select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name not like 'kysely%'`.execute(
    db,
  );
  const content: Record<string, string[]> = {};
  await db.connection().execute(async (one) => {
    await sql`set timezone = 'UTC'`.execute(one);
    for (const { name } of tables) {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
        one,
      );
      content[name] = rows.map(({ row }) => row).toSorted();
    }
  });
  return content;
}

async function fill(db: Db): Promise<void> {
  for (const number of [1, 2])
    await db
      .insertInto('users')
      .values({
        id: `${ID}${number}`,
        login: number === 1 ? CANARY : 'eve',
        full_name: number === 1 ? 'Ada "é" \\ \n Lovelace' : null,
        kdf_profile: 1,
        kdf_salt: 'A'.repeat(22),
        verifier: '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bm90IGEgdmVyaWZpZXI',
        verifier_key_id: 'test',
      })
      .execute();
  await db
    .insertInto('sessions')
    .values({
      id: `${ID}3`,
      user_id: `${ID}1`,
      device_id: `${ID}4`,
      device_name: 'a test',
      transport: 'body',
      address_prefix: '127.0.0.0/24',
    })
    .execute();
  await db
    .insertInto('second_factors')
    .values({
      user_id: `${ID}1`,
      key_id: 'test',
      sealed_seed: new Uint8Array(48).map((_, index) => index * 5),
    })
    .execute();
  await sql`insert into vaults (id, owner_id, integrity, vk_epoch) values (${`${ID}5`}, ${`${ID}1`}, 'none', 1)`.execute(
    db,
  );
  // More rows than one fetch or one insert takes.
  await sql`insert into entries (vault_id, id, version, vk_epoch, schema, deleted, ciphertext, iv, tag, revision)
    select ${`${ID}5`}::uuid, gen_random_uuid(), 1, 1, 1, false, repeat('c', 3000), repeat('i', 16), repeat('t', 22), n
    from generate_series(1, 500) n`.execute(db);
  const trail = makeAudit(keyRing).operator;
  for (let index = 0; index < 20; index += 1)
    await trail.recordAlone(db, {
      action: 'login',
      outcome: 'success',
      subject: { userId: `${ID}${index % 10}` },
    });
}

beforeAll(async () => {
  source = await database('migrated');
  await within(at(source), fill);
  writeFileSync(file('key'), (await run('gen-secret --backup-key', {})).out);
  writeFileSync(file('other-key'), (await run('gen-secret --backup-key', {})).out);
  const made = await run(`backup ${file('full')} --key ${file('key')}`, at(source));
  if (made.code !== 0) throw new Error(made.err);
});
afterAll(async () => {
  for (const { remove } of databases) await remove();
  rmSync(directory, { recursive: true });
});

describe('a backup', () => {
  it('has every table of the schema, and the rows of each, as verify says without a database', async () => {
    const content = await within(at(source), contentOf);

    const verified = await run(`backup verify ${file('full')} --key ${file('key')}`, {
      DATABASE_URL: 'nowhere',
    });

    const counts = Object.fromEntries(
      [...verified.out.matchAll(/^ +(\d+) (\w+)$/gm)].map(([, rows, name]) => [name, Number(rows)]),
    );
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(counts).toEqual(
      Object.fromEntries(Object.entries(content).map(([name, { length }]) => [name, length])),
    );
    expect(counts).toMatchObject({ users: 2, entries: 500, audit_events: 20, audit_heads: 16 });
  });

  it('says nothing to who has no key, and belongs to its owner alone', () => {
    const bytes = readFileSync(file('full'));

    for (const needle of [CANARY, 'users', 'argon2id', 'c'.repeat(64)]) {
      expect(bytes.includes(needle)).toBe(false);
      expect(bytes.includes(Buffer.from(needle).toString('hex'))).toBe(false);
    }
    expect(statSync(file('full')).mode & 0o777).toBe(0o600);
  });

  it('does not overwrite a file, and leaves none behind where it fails', async () => {
    const was = readFileSync(file('full'));

    const again = await run(`backup ${file('full')} --key ${file('key')}`, at(source));
    const nothing = await run(`backup ${file('none')} --key ${file('key')}`, at(await database('empty')));

    expect(again.code).toBe(1);
    expect(readFileSync(file('full')).equals(was)).toBe(true);
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('no schema') });
    expect(readdirSync(directory).filter((name) => /none|unfinished/.test(name))).toEqual([]);
  });

  it('is one instant: what is committed while it is read is not in it', async () => {
    const { url, remove } = await makePostgresDatabase('migrated');
    databases.push({ remove });
    await within(at(url), fill);
    const writing = within(at(url), async (db) => {
      for (let index = 0; index < 60; index += 1)
        await makeAudit(keyRing).operator.recordAlone(db, {
          action: 'login',
          outcome: 'success',
          subject: { userId: `${ID}1` },
        });
    });
    const made = await run(`backup ${file('busy')} --key ${file('key')}`, at(url));
    await writing;
    const target = await database('empty');

    const restored = await run(`restore ${file('busy')} --key ${file('key')}`, at(target));

    expect([made.code, restored.code], restored.err).toEqual([0, 0]);
    expect((await within(at(target), (db) => verifyAudit(db, keyRing))).faults).toEqual([]);
  });
});

describe('a restore', () => {
  it('gives every row back, through the embedded database and into PostgreSQL again', {
    timeout: 240_000,
  }, async () => {
    const before = await within(at(source), contentOf);
    const embedded = { ZKVAULT_DATA_DIR: file('embedded') };
    const target = await database('migrated');

    const into = await run(`restore ${file('full')} --key ${file('key')} --keep-sessions`, embedded);
    const out = await run(`backup ${file('second')}`, {
      ...embedded,
      BACKUP_KEY_FILE: file('key'),
    });
    const back = await run(`restore ${file('second')} --key ${file('key')} --keep-sessions`, at(target));

    expect([into.code, out.code, back.code], into.err + out.err + back.err).toEqual([0, 0, 0]);
    const after = await within(at(target), contentOf);
    expect(Object.keys(after).toSorted()).toEqual(Object.keys(before).toSorted());
    for (const [name, rows] of Object.entries(before)) expect(after[name], name).toEqual(rows);
    expect((await within(at(target), (db) => verifyAudit(db, keyRing))).faults).toEqual([]);
  });

  it('ends every session unless it is told not to', async () => {
    const target = await database('empty');

    const restored = await run(`restore ${file('full')} --key ${file('key')}`, at(target));

    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('All sessions were ended') });
    const [session] = await within(at(target), (db) => db.selectFrom('sessions').selectAll().execute());
    expect(session).toMatchObject({ revoked_reason: 'revoked', revoked_at: expect.any(Date) });
  });

  it('sets a sequence where it stood, so that the next number is a new one', async () => {
    const [from, to] = [await database('migrated'), await database('migrated')];
    const table = sql`create table numbered (id bigint generated always as identity primary key, twice int
      generated always as (2) stored, parent bigint references numbered_parents (id))`;
    for (const url of [from, to])
      await within(at(url), async (db) => {
        await sql`create table numbered_parents (id bigserial primary key)`.execute(db);
        await table.execute(db);
      });
    await within(at(from), async (db) => {
      await sql`insert into numbered_parents default values`.execute(db);
      await sql`insert into numbered (parent) values (1), (null), (1)`.execute(db);
    });
    await run(`backup ${file('numbered')} --key ${file('key')}`, at(from));

    const restored = await run(`restore ${file('numbered')} --key ${file('key')}`, at(to));

    expect(restored.code, restored.err).toBe(0);
    const next = await within(at(to), async (db) => {
      await sql`insert into numbered (parent) values (1)`.execute(db);
      return (await sql`select id, twice, parent from numbered order by id`.execute(db)).rows;
    });
    expect(next.map((row) => Object.values(row as object))).toEqual([
      [1, 2, 1],
      [2, 2, null],
      [3, 2, 1],
      [4, 2, 1],
    ]);
  });

  it('takes the backup of an older schema and brings it up to date', async () => {
    const [from, to] = [await database('empty'), await database('empty')];
    const connection = connectForMigrations(from, () => {});
    await new Migrator({
      db: connection.db,
      provider: { getMigrations: () => Promise.resolve(migrations) },
    }).migrateTo('0005_create_audit');
    await connection.close();
    await within(at(from), fill);
    await run(`backup ${file('older')} --key ${file('key')}`, at(from));

    const elsewhere = await run(
      `restore ${file('older')} --key ${file('key')}`,
      at(await database('migrated')),
    );
    const restored = await run(`restore ${file('older')} --key ${file('key')}`, at(to));

    expect(elsewhere).toMatchObject({ code: 1, err: expect.stringContaining('another schema version') });
    expect(restored).toMatchObject({
      code: 0,
      out: expect.stringContaining('0011_record_recovery_code_keys'),
    });
    expect(
      await within(at(to), (db) => db.selectFrom('users').select('login').orderBy('id').execute()),
    ).toEqual([{ login: CANARY }, { login: 'eve' }]);
  });

  it('refuses a backup of a schema that it does not know', async () => {
    const [from, to] = [await database('migrated'), await database('empty')];
    await within(at(from), (db) =>
      sql`insert into kysely_migration (name, timestamp) values ('9999_of_tomorrow', '')`.execute(db),
    );
    await run(`backup ${file('newer')} --key ${file('key')}`, at(from));

    const refused = await run(`restore ${file('newer')} --key ${file('key')}`, at(to));

    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('does not know') });
    expect(await within(at(to), contentOf)).toEqual({});
  });

  it('refuses a database with anything in it, and changes nothing', async () => {
    const [inUse, foreign] = [await database('migrated'), await database('empty')];
    await within(at(inUse), (db) =>
      sql`insert into server_settings (registration) values ('open')`.execute(db),
    );
    await within(at(foreign), (db) => sql`create table somebody_elses (id int)`.execute(db));
    const before = await within(at(inUse), contentOf);

    for (const url of [inUse, foreign, source])
      expect(await run(`restore ${file('full')} --key ${file('key')}`, at(url))).toMatchObject({
        code: 1,
        err: expect.stringContaining('not empty, and nothing was changed'),
      });

    expect(await within(at(inUse), contentOf)).toEqual(before);
    expect(await within(at(foreign), contentOf)).toEqual({ somebody_elses: [] });
  });

  it('keeps nothing where a row does not come out as it was saved', async () => {
    const target = await database('migrated');
    await within(at(target), async (db) => {
      await sql`create function meddle() returns trigger language plpgsql as
        $$ begin new.full_name := 'changed'; return new; end $$`.execute(db);
      await sql`create trigger meddle before insert on users for each row execute function meddle()`.execute(
        db,
      );
    });

    const refused = await run(`restore ${file('full')} --key ${file('key')}`, at(target));

    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is not what was saved') });
    const content = await within(at(target), contentOf);
    expect(content).toMatchObject({ users: [], entries: [], audit_events: [] });
  });

  it.for([
    ['another key', (copy: string) => `${copy} --key ${file('other-key')}`, 'does not open'],
    ['a key that is none', (copy: string) => `${copy} --key ${file('full')}`, 'backup key is not'],
    ['no key', (copy: string) => copy, 'backup key is not'],
    [
      'a file that was cut',
      (copy: string) => {
        truncateSync(copy, statSync(copy).size - 20_000);
        return `${copy} --key ${file('key')}`;
      },
      'not whole',
    ],
    [
      'a file that is none of ours',
      (copy: string) => {
        writeFileSync(copy, 'x'.repeat(1_000));
        return `${copy} --key ${file('key')}`;
      },
      'not a backup',
    ],
  ] as const)('and verify refuse %s, before the database is touched', async ([, prepare, words]) => {
    const copy = file(`copy-${Math.random()}`);
    writeFileSync(copy, readFileSync(file('full')));
    const args = prepare(copy);
    const target = await database('empty');

    const restored = await run(`restore ${args}`, at(target));
    const verified = await run(`backup verify ${args}`, {});

    for (const refused of [restored, verified])
      expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining(words) });
    expect(await within(at(target), contentOf)).toEqual({});
  });
});
