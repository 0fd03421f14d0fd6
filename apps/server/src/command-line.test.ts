import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { makePostgresDatabase } from '../test/test-database.ts';
import { runCommandLine } from './command-line.ts';
import { withDatabase } from './commands/command.ts';
import { examineClock, examineConfig, examineRole, examineTls } from './commands/doctor.ts';
import { loadConfig } from './config.ts';
import type { Db } from './db/schema.ts';

const KEY = 'k1:kWQ0vQ5m3y6pO7xJ2cB9nL4tR8sU1eZaFhGiDjVwXqM';
const directory = mkdtempSync(join(tmpdir(), 'zkvault-command-line-'));
const env: Record<string, string> = { ZKVAULT_DATA_DIR: directory, SERVER_KEYS: KEY };
let removeDatabase = async (): Promise<void> => {};

beforeAll(async () => {
  if (inject('database').kind !== 'postgres') return;
  const { url, remove } = await makePostgresDatabase('empty');
  env['DATABASE_URL'] = url;
  removeDatabase = remove;
});
afterAll(async () => {
  await removeDatabase();
  rmSync(directory, { recursive: true });
});

async function run(args: string, more: Readonly<Record<string, string>> = {}) {
  const text = { out: '', err: '' };
  const code = await runCommandLine(args.split(' ').filter(Boolean), {
    env: { ...env, ...more },
    out: (part) => void (text.out += part),
    err: (part) => void (text.err += part),
  });
  return { code, ...text };
}

function inDatabase<Result>(work: (db: Db) => Promise<Result>): Promise<Result> {
  return withDatabase(loadConfig(env), work);
}

function insertAda(db: Db) {
  return db
    .insertInto('users')
    .values({
      id: '018f0000-0000-7000-8000-000000000001',
      login: 'ada@example.com',
      kdf_profile: 1,
      kdf_salt: 'A'.repeat(22),
      verifier: '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bm90IGEgdmVyaWZpZXI',
      verifier_key_id: 'test',
    })
    .execute();
}

describe('a database, from empty on', () => {
  it('is found wanting, migrated, and then found current', async () => {
    const before = await run('doctor --json');
    const first = await run('migrate');
    const second = await run('migrate');
    const after = await run('doctor --json');

    expect(before.out).toContain('run zkvault-server migrate');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('0005_create_audit\n') });
    expect(second).toMatchObject({ code: 0, out: 'The schema is current.\n' });
    expect(JSON.parse(after.out)).toMatchObject({
      findings: expect.arrayContaining([
        { check: 'migrations', status: 'ok', message: 'current' },
        { check: 'clock', status: 'ok', message: expect.any(String) },
        { check: 'administrator', status: 'warning', message: expect.any(String) },
      ]),
    });
  });

  it('gets an administrator by login, and an audit row that says so', async () => {
    await inDatabase(insertAda);

    const nobody = await run('admin eve@example.com');
    const ada = await run('admin ADA@example.com');

    expect(nobody).toMatchObject({ code: 1, out: '' });
    expect(ada.code).toBe(0);
    const [row] = await inDatabase((db) => db.selectFrom('audit_events').selectAll().execute());
    expect(row).toMatchObject({ action: 'administrator-granted', actor_user_id: null, request_id: null });
    expect((await run('doctor')).out).toMatch(/^ok +administrator/m);
  });

  it('has an audit log that is whole, then one that was changed, and the heads once noted are missed', async () => {
    const noted = join(directory, 'noted.json');
    const whole = await run('audit verify');
    writeFileSync(noted, (await run('audit verify --json')).out);
    const compared = await run(`audit verify --noted ${noted}`);
    await inDatabase(async (db) => {
      await sql`alter table audit_events disable trigger user`.execute(db);
      await sql`update audit_events set outcome = 'failure'`.execute(db);
    });
    const changed = await run('audit verify');
    await inDatabase(async (db) => {
      await sql`delete from audit_events`.execute(db);
      await sql`update audit_heads set last_seq = 0, last_hash = decode(repeat('00', 32), 'hex'),
        key_id = null, mac = null`.execute(db);
    });
    const emptied = await run('audit verify');
    const missed = await run(`audit verify --noted ${noted} --json`);

    expect(whole).toMatchObject({ code: 0, out: 'The audit log is whole: 1 rows.\n', err: '1 rows\n' });
    expect(compared.code).toBe(0);
    expect(changed.code).toBe(1);
    expect(changed.out).toMatch(/chain \d+, row 1: changed/);
    expect(emptied.code).toBe(0);
    expect(missed.code).toBe(1);
    expect(JSON.parse(missed.out)).toMatchObject({ ok: false, faults: [{ seq: 1, what: 'cut-off' }] });
  });

  it('is not compared with a file that is none of ours', async () => {
    const file = join(directory, 'other.json');
    writeFileSync(file, '{"heads":[{"chain":"0"}]}');

    expect(await run(`audit verify --noted ${file}`)).toMatchObject({ code: 1, out: '' });
    expect(await run('audit verify --noted /nowhere')).toMatchObject({ code: 1, out: '' });
  });
});

describe('gen-secret', () => {
  it('prints what a production server accepts, another one each time', async () => {
    const [one, other] = [await run('gen-secret'), await run('gen-secret')];

    const secrets = Object.fromEntries(
      one.out
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s, 2)),
    ) as Record<string, string>;
    expect(loadConfig({ ENVIRONMENT: 'production', ...secrets }).serverKeys).toHaveLength(1);
    expect(one.out).not.toBe(other.out);
  });
});

describe('the command line', () => {
  it('shows its help when asked', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('gen-secret'),
      err: '',
    });
    expect(await run('audit -h')).toMatchObject({ code: 0 });
  });

  it.for([
    '',
    'audit',
    'audit verify now',
    'admin',
    'admin a b',
    'migrate --json',
    'migrate now',
    'gen-secret --noted x',
    'doctor --noted x',
    'doctor now',
    'backup',
    'doctor --fix',
    'audit verify --noted',
  ])('does not understand %j, and says what it does', async (args) => {
    const result = await run(args);

    expect(result).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage:') });
  });

  it('names what is wrong with the configuration, without its value', async () => {
    const wrong = { JWT_SECRET: 'short-canary' };

    const migrated = await run('migrate', wrong);
    const examined = await run('doctor', wrong);

    expect(migrated).toMatchObject({ code: 1, out: '', err: expect.stringContaining('JWT_SECRET') });
    expect(examined).toMatchObject({ code: 1, out: expect.stringContaining('bad      configuration') });
    expect(migrated.err + examined.out).not.toContain('canary');
  });
});

describe('doctor', () => {
  let statuses: Record<string, string>;
  const status = (more: Record<string, string>): Record<string, string> => {
    const good = {
      ENVIRONMENT: 'production',
      JWT_SECRET: 'kWQ0vQ5m3y6pO7xJ2cB9nL4tR8sU1eZaFhGiDjVwXqM',
      SERVER_KEYS: KEY,
      ALLOWED_HOSTS: 'vault.example.com',
      TRUST_PROXY: '1',
    };
    const findings = examineConfig(loadConfig({ ...good, ...more }));
    return Object.fromEntries(findings.map((finding) => [finding.check, finding.status]));
  };
  beforeEach(() => {
    statuses = status({});
  });

  it('finds nothing where nothing is', () => {
    expect(new Set(Object.values(statuses))).toEqual(new Set(['ok']));
  });

  it.for([
    [{ ENVIRONMENT: 'development' }, 'environment', 'bad'],
    [{ ENVIRONMENT: 'development', SERVER_KEYS: '' }, 'secrets', 'bad'],
    [{ API_DOCS: 'public' }, 'documentation', 'warning'],
    [{ ALLOWED_HOSTS: '' }, 'hosts', 'bad'],
    [{ TRUST_PROXY: '' }, 'proxies', 'warning'],
    [{ TRUST_PROXY: '10.0.0.0/8,0.0.0.0/0' }, 'proxies', 'bad'],
    [{ TRUST_PROXY: '::/0' }, 'proxies', 'bad'],
    [{ TRUST_PROXY: '1', HOST: '0.0.0.0' }, 'proxies', 'warning'],
    [{ CORS_ORIGINS: 'http://a.example.com' }, 'origins', 'bad'],
  ] as const)('of %j finds %s %s', ([more, check, expected]) => {
    expect(status({ ...more })[check]).toBe(expected);
  });

  it.for([
    ['postgresql://u@127.0.0.1/db', false, 'ok'],
    ['postgresql://u@[::1]/db', false, 'ok'],
    ['postgresql:///db?host=/run/postgresql', false, 'ok'],
    ['postgresql://u@127.0.0.1/db?host=db.example.com', false, 'bad'],
    ['postgresql://u@db.example.com/db', false, 'bad'],
    ['postgresql://u@db.example.com/db?sslmode=require', true, 'bad'],
    ['postgresql://u@db.example.com/db?sslmode=verify-full', false, 'bad'],
    ['postgresql://u@db.example.com/db?sslmode=verify-full', true, 'ok'],
  ] as const)('of %s, encrypted: %s, says %s', ([url, encrypted, expected]) => {
    expect(examineTls(url, { is_encrypted: encrypted }).status).toBe(expected);
  });

  it('names each power that the role should not have', () => {
    const plain = {
      is_superuser: false,
      bypasses_row_security: false,
      makes_roles: false,
      replicates: false,
    };

    expect(examineRole(plain).status).toBe('ok');
    for (const power of Object.keys(plain))
      expect(examineRole({ ...plain, [power]: true }).status, power).toBe('bad');
  });

  it.for([
    [1_000, 'ok'],
    [-1_000, 'ok'],
    [2_000, 'ok'],
    [2_001, 'bad'],
    [-2_001, 'bad'],
  ] as const)('of a clock %i ms off says %s', ([off, expected]) => {
    expect(examineClock({ now: new Date(1_000_000 + off) }, 1_000_000, 1_000_000).status).toBe(expected);
  });
});
