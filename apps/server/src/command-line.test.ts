import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { makePostgresDatabase } from '../test/test-database.ts';
import { runCommandLine } from './command-line.ts';
import { withDatabase } from './commands/command.ts';
import { examineClock, examineRole, examineTls, findingsOfConfig } from './commands/doctor.ts';
import { examineFiles } from './commands/doctor-operations.ts';
import { loadConfig } from './config.ts';
import { readDatabaseFacts } from './db/database-facts.ts';
import type { Db } from './db/schema.ts';

const KEY = 'k1:kWQ0vQ5m3y6pO7xJ2cB9nL4tR8sU1eZaFhGiDjVwXqM';
const OTHER = 'mF4Yp2Zt8Qn6Xc1Rv9Lb3Hs7Jd5Gw0KaEuTiOyPeUqA';
const STRONG = 'Zr9vQ2m7Lx4Tn8Ks5Wd1Yb6Gf3Hj0Pc-Ae_Ui';
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

  it('tells which rows depend on which key, and which key is missing', async () => {
    const without = await run('keys status --json');
    const rotated = await run('keys status', { SERVER_KEYS: `k2:${OTHER},${KEY},test:${OTHER}` });
    const rewrapped = await run('keys rewrap', { SERVER_KEYS: `k2:${OTHER},${KEY}` });

    expect(without.code).toBe(1);
    expect(JSON.parse(without.out)).toEqual({
      ok: false,
      ring: ['k1'],
      uses: [{ table: 'users', keyId: 'test', rows: 1, state: 'missing' }],
    });
    expect(rotated).toMatchObject({ code: 0, err: '' });
    expect(rotated.out).toMatch(
      /^k2\n +no rows\nk1\n +no rows\ntest\n +1 users +until the next login of each\n +the oldest: /,
    );
    expect(rewrapped).toMatchObject({ code: 0, out: expect.stringMatching(/^0 seeds .* k2\.$/m), err: '' });
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
    'keys',
    'keys status --add',
    'keys rewrap now',
    'keys wrap --remove',
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
      REGISTRATION: 'invitation',
      METRICS_PORT: '9464',
    };
    const findings = findingsOfConfig({ ...good, ...more });
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
    [{ API_DOCS: 'admin' }, 'documentation', 'ok'],
    [{ ENVIRONMENT: 'development', SECURE_COOKIES: 'false' }, 'cookies', 'bad'],
    [{ ENVIRONMENT: 'development', DEBUG: 'true' }, 'log', 'bad'],
    [{ LOG_LEVEL: 'error' }, 'log', 'bad'],
    [{ LOG_LEVEL: 'silent' }, 'log', 'bad'],
    [{ LOG_LEVEL: 'trace' }, 'log', 'warning'],
    [{ LOG_FORMAT: 'console' }, 'log', 'warning'],
    [{ REGISTRATION: 'open' }, 'registration', 'warning'],
    [{ LOGIN_RATE_LIMIT: 'off' }, 'rate limits', 'warning'],
    [{ METRICS_PORT: '' }, 'metrics', 'warning'],
    [{ METRICS_PORT: '', METRICS_TOKEN: STRONG }, 'metrics', 'ok'],
    [{ METRICS_HOST: '0.0.0.0', METRICS_TOKEN: STRONG }, 'metrics', 'warning'],
    [{ METRICS_TOKEN: 'x'.repeat(31) }, 'configuration', 'bad'],
    [{ METRICS_TOKEN: 'changeme'.repeat(4) }, 'configuration', 'bad'],
    [{ JWT_SECRET: 'changeme'.repeat(4) }, 'configuration', 'bad'],
    [{ REDIS_URL: 'redis://cache.example.com' }, 'redis', 'bad'],
    [{ REDIS_URL: 'rediss://cache.example.com' }, 'redis', 'ok'],
    [{ REDIS_URL: 'redis://127.0.0.1' }, 'redis', 'ok'],
    [{ DATABASE_URL: 'postgresql://u:hunter2@db.example.com/db' }, 'database password', 'bad'],
    [{ DATABASE_URL: `postgresql://u:${'ab'.repeat(10)}@db.example.com/db` }, 'database password', 'bad'],
    [{ DATABASE_URL: `postgresql://u:${STRONG}@db.example.com/db` }, 'database password', 'ok'],
    [{ DATABASE_URL: 'postgresql://u@db.example.com/db' }, 'database password', 'ok'],
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
    const powers = {
      is_superuser: false,
      bypasses_row_security: false,
      makes_roles: false,
      makes_databases: false,
      replicates: false,
      owns_other_tables: false,
      owns_other_databases: false,
    };
    const plain = { ...powers, powerful_memberships: [] };

    expect(examineRole(plain).status).toBe('ok');
    for (const power of Object.keys(powers))
      expect(examineRole({ ...plain, [power]: true }).status, power).toBe('bad');
    expect(examineRole({ ...plain, powerful_memberships: ['pg_read_all_data'] })).toMatchObject({
      status: 'bad',
      message: expect.stringContaining('pg_read_all_data'),
    });
  });

  it.runIf(inject('database').kind === 'postgres')('reads the powers of a role from PostgreSQL', async () => {
    const role = `zkvault_test_role_${process.pid}`;
    const verdict = (db: Db) => readDatabaseFacts(db).then((facts) => examineRole(facts));
    const rollBack = new Error('the role is for this test only');
    const seen: string[] = [];

    await expect(
      inDatabase((db) =>
        db.transaction().execute(async (tx) => {
          const execute = (text: string) => sql.raw(text).execute(tx);
          await execute(`create role ${role}`);
          for (const change of [
            'select 1',
            `alter role ${role} createdb`,
            `alter role ${role} nocreatedb; grant pg_read_all_data to ${role}`,
            `revoke pg_read_all_data from ${role}; create schema other authorization ${role};
             create table other.theirs (id int); alter table other.theirs owner to ${role}`,
          ]) {
            await execute(change);
            await execute(`set local role ${role}`);
            seen.push((await verdict(tx)).message);
            await execute('reset role');
          }
          throw rollBack;
        }),
      ),
    ).rejects.toBe(rollBack);

    expect(seen).toEqual([
      'has no power beyond its own tables',
      expect.stringContaining('createdb'),
      expect.stringContaining('pg_read_all_data'),
      expect.stringContaining('tables of somebody else'),
    ]);
  });

  it('says who can read the data and the secrets', () => {
    const place = mkdtempSync(join(tmpdir(), 'zkvault-doctor-'));
    const secretFile = join(place, 'secret');
    writeFileSync(secretFile, 'x');
    const examine = (directoryMode: number, fileMode: number): string[] => {
      chmodSync(place, directoryMode);
      chmodSync(secretFile, fileMode);
      const found = examineFiles({ dataDirectory: place }, { JWT_SECRET_FILE: secretFile, PORT: '1' });
      return found.map((finding) => finding.status);
    };

    expect(examine(0o700, 0o600)).toEqual(['ok', 'ok']);
    expect(examine(0o750, 0o640)).toEqual(['bad', 'ok']);
    expect(examine(0o700, 0o604)).toEqual(['ok', 'bad']);
    expect(
      examineFiles({ dataDirectory: place }, { SSL_CERT_FILE: secretFile }).map((finding) => finding.status),
    ).toEqual(['ok', 'ok']);
    rmSync(place, { recursive: true });
    expect(
      examineFiles({ dataDirectory: place }, { JWT_SECRET_FILE: secretFile }).map(
        (finding) => finding.status,
      ),
    ).toEqual(['ok', 'ok']);
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
