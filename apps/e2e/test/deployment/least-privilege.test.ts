/** The two database roles of deploy/postgres: one migrates, the other runs the server and may do little else. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createVaultClient, memoryStorage } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePostgresDatabase } from '../../../server/test/test-database.ts';
import { makeDataDirectory, type ServerProcess, startServer } from '../server-process.ts';

const SCRIPT = fileURLToPath(new URL('../../../../deploy/postgres/least-privilege.sql', import.meta.url));
const COMMANDS = fileURLToPath(new URL('../../../server/src/cli.ts', import.meta.url));
const suffix = randomBytes(6).toString('hex');
const password = randomBytes(12).toString('hex');

let database: Awaited<ReturnType<typeof makePostgresDatabase>>;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let server: ServerProcess | undefined;
beforeAll(async () => {
  database = await makePostgresDatabase('empty');
  directory = await makeDataDirectory();
  // What psql would do: a database of the tests has other roles of these names beside it.
  const script = readFileSync(SCRIPT, 'utf8')
    .replaceAll(/^\\(?:set|getenv) .*$/gm, '')
    .replaceAll(/:'\w+_password'/g, `'${password}'`)
    .replaceAll(/zkvault_(owner|server)/g, `zkvault_$1_${suffix}`);
  await asRole(database.url, (client) => client.query(script));
});
afterAll(async () => {
  await server?.stop();
  await directory.remove();
  const url = new URL(database.url);
  await database.remove();
  url.pathname = '/postgres';
  await asRole(url.href, (client) =>
    client.query(`drop role zkvault_owner_${suffix}; drop role zkvault_server_${suffix}`),
  );
});

async function asRole<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(role: string): string {
  const url = new URL(database.url);
  url.username = `zkvault_${role}_${suffix}`;
  url.password = password;
  return url.href;
}

it('let the owner migrate, and the server serve', { timeout: 120_000 }, async () => {
  await promisify(execFile)(process.execPath, ['--conditions=@zkvault/source', COMMANDS, 'migrate'], {
    env: { PATH: process.env['PATH'], DATABASE_URL: urlOf('owner'), ZKVAULT_DATA_DIR: directory.path },
  });
  server = await startServer({ dataDirectory: directory.path, databaseUrl: urlOf('server') });
  const client = createVaultClient({
    baseUrl: server.baseUrl,
    realm: 'vault.example.com',
    storage: memoryStorage(),
    kdf: nativeKdf,
  });
  const ada = { login: 'ada', password: 'seven cats juggle 42 turnips' };
  await client.register(ada);
  await client.login(ada);
  await client.entries.create({ type: 'note', title: 'kept' });
  await client.account.deleteAccount({ password: ada.password });

  expect((await client.status()).state).toBe('logged-out');
});

it.for([
  'create table more (id int)',
  'drop table entries',
  'alter table users add column more int',
  'truncate audit_events',
  'create role more',
  'create database more',
  'create function more() returns int language sql as $$ select 1 $$',
  'alter table audit_events disable trigger user',
  'create trigger more after insert on entries execute function suppress_redundant_updates_trigger()',
  "copy entries to program 'cat'",
  "copy entries to '/entries'",
  "select pg_read_file('/etc/passwd')",
  'alter role postgres with nosuperuser',
  "alter system set log_statement = 'all'",
  'select rolpassword from pg_authid',
])('let the server not: %s', async (statement) => {
  const refusal = await asRole(urlOf('server'), (client) => client.query(statement)).catch(
    (error: unknown) => (error as { code?: string }).code,
  );

  // insufficient_privilege
  expect(refusal).toBe('42501');
});

it.for(["update audit_events set action = 'login'", 'delete from audit_events', 'delete from audit_heads'])(
  'let the server not rewrite what was recorded: %s',
  async (statement) => {
    await expect(asRole(urlOf('server'), (client) => client.query(statement))).rejects.toThrow('append-only');
  },
);

const hasPsql = spawnSync('psql', ['--version']).status === 0;

it.skipIf(!hasPsql)('are made by psql, with the passwords of its environment (needs psql)', () => {
  const script = readFileSync(SCRIPT, 'utf8').replaceAll(/zkvault_(owner|server)/g, `again_$1_${suffix}`);
  const count = `select 'made ' || count(*) from pg_roles where rolname like 'again\\_%\\_${suffix}';`;

  const { stdout, status } = spawnSync('psql', ['--no-psqlrc', '--dbname', database.url], {
    input: `begin;\n${script}\n${count}\nrollback;\n`,
    env: { PATH: process.env['PATH'], OWNER_PASSWORD: `o'${password}`, SERVER_PASSWORD: password },
    encoding: 'utf8',
  });

  expect(status).toBe(0);
  expect(stdout).toContain('made 2');
});

it('get their passwords where no other user of the machine sees them', () => {
  for (const path of [
    'deploy/postgres/init.sh',
    'deploy/postgres/least-privilege.sql',
    'docs/deployment.md',
  ]) {
    const text = readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');

    expect(text, path).not.toMatch(/--(?:set|variable)[= ]\w*password|\benv \w*PASSWORD=/i);
  }
  expect(readFileSync(SCRIPT, 'utf8')).toMatch(/^\\getenv owner_password OWNER_PASSWORD$/m);
});
