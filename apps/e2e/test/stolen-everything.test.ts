/**
 * Somebody has stolen everything: the dump, the files of the database with its write-ahead log, the logs at trace
 * level, and the memory of the server while it ran. What is for the client alone is nowhere. What the server is told
 * and must not keep (authKeys, tokens, codes) is in nothing that lasts, and no live object of the server's heap has it.
 * In memory that was freed and not yet used again such a value may stand for a while: JavaScript cannot wipe a string.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporaryPostgres, type TemporaryPostgres } from '../../../test/temporary-postgres.ts';
import { type ByteNeedles, byteNeedles } from './byte-needles.ts';
import { type CanarySession, runCanarySession } from './canary-session.ts';
import { dumpPostgres, readColumns } from './database-dump.ts';
import { readMemory } from './process-memory.ts';
import { MAIN, type ServerProcess, startServer } from './server-process.ts';

/** What the server holds for good reason, and is therefore found in its memory. */
const APP_NAME = 'a name that stands in the configuration';

let postgres: TemporaryPostgres;
let folder: string;
let server: ServerProcess;
let session: CanarySession;
let secrets: ByteNeedles;
let neverSent: ByteNeedles;
let controls: ByteNeedles;

beforeAll(async () => {
  postgres = await startTemporaryPostgres({ fsync: 'off' });
  folder = await mkdtemp(join(tmpdir(), 'zkvault-stolen-'));
  server = await startServer(
    { dataDirectory: join(folder, 'data'), databaseUrl: postgres.url },
    {
      LOG_LEVEL: 'trace',
      DEBUG: 'true',
      APP_NAME,
      MAX_FAILED_LOGINS: '100',
      // While it writes its heap down it answers nobody.
      MAX_EVENT_LOOP_DELAY_MS: 'off',
    },
    [
      process.execPath,
      '--heapsnapshot-signal=SIGWINCH',
      `--diagnostic-dir=${folder}`,
      '--conditions=@zkvault/source',
      MAIN,
    ],
  );
  session = await runCanarySession(server.baseUrl);
  neverSent = byteNeedles(session.neverSent);
  secrets = byteNeedles([...session.neverSent, ...session.passing]);
  controls = byteNeedles([
    { name: 'login', value: session.login },
    { name: 'account', value: session.accountId },
    { name: 'device', value: session.deviceName },
    { name: 'configuration', value: APP_NAME },
  ]);
}, 240_000);
afterAll(async () => {
  await server.kill();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const inText = (needles: ByteNeedles, text: string): readonly string[] => {
  const { feed, found } = needles.search();
  feed(Buffer.from(text));
  return [...found];
};

describe('everything secret of a session', () => {
  it('is found in each of its spellings where it was planted', async () => {
    const missed: string[] = [];
    for (const { name, spelling, bytes } of secrets.everySpelling()) {
      const { feed, found } = secrets.search();
      // In two pieces, as from a file.
      const half = Math.floor(bytes.length / 2);
      feed(Buffer.concat([Buffer.from('before'), bytes.subarray(0, half)]));
      feed(Buffer.concat([bytes.subarray(half), Buffer.from('after')]));
      if (!found.has(name)) missed.push(`${name}, ${spelling}`);
    }
    const planted = join(folder, 'planted');
    await writeFile(planted, Buffer.concat(secrets.everySpelling().map(({ bytes }) => bytes)));

    const all = [...session.neverSent, ...session.passing].map(({ name }) => name);
    expect(missed).toEqual([]);
    expect(all.length).toBeGreaterThan(40);
    expect(await secrets.searchFile(planted)).toEqual(new Set(all));
    await rm(planted);
  });

  it('is not in the dump', async () => {
    const dump = await dumpPostgres(postgres.url);

    expect(inText(controls, dump)).toEqual(expect.arrayContaining(['login', 'account', 'device']));
    expect(inText(secrets, dump)).toEqual([]);
  });

  it('is not in the files of the database, nor in its write-ahead log', { timeout: 120_000 }, async () => {
    await query('checkpoint');

    const wal = await controls.searchFolder(join(postgres.directory, 'pg_wal'));
    const files = await controls.searchFolder(join(postgres.directory, 'base'));
    for (const found of [wal, files]) expect([...found]).toEqual(expect.arrayContaining(['login', 'device']));
    expect(await secrets.searchFolder(postgres.directory)).toEqual(new Set());
  });

  it('is not in the logs at trace level', () => {
    for (const log of [server.output(), postgres.log()]) expect(inText(secrets, log)).toEqual([]);

    expect(inText(controls, server.output())).toContain('account');
  });

  // Before the heap is written down, which needs as much memory again.
  it('is not in the server’s memory, as far as it is for the client alone', {
    timeout: 240_000,
  }, async () => {
    await forgetLastRequests();
    const [control, all] = [controls.search(), secrets.search()];
    const bytes = readMemory(server.processId, (piece) => {
      control.feed(piece);
      all.feed(piece);
    });
    const own = new Set(session.neverSent.map(({ name }) => name));
    const kept = [...all.found].filter((name) => !own.has(name));
    process.stdout.write(
      `stolen everything: ${Math.round(bytes / 2 ** 20)} MiB of memory; of ${session.passing.length} values that the server was told, ${kept.length} in freed memory\n`,
    );

    expect([...control.found]).toContain('configuration');
    expect(bytes).toBeGreaterThan(20 * 2 ** 20);
    expect([...all.found].filter((name) => own.has(name))).toEqual([]);
    expect(neverSent.everySpelling().length).toBeGreaterThan(100);
  });

  it('is in no live object of the server’s heap', { timeout: 240_000 }, async () => {
    await forgetLastRequests();
    const snapshot = await takeHeapSnapshot();

    expect([...(await controls.searchFile(snapshot))]).toContain('configuration');
    expect(await secrets.searchFile(snapshot)).toEqual(new Set());
  });
});

it('no value of any text or bytea column is good as a credential', { timeout: 240_000 }, async () => {
  const values = new Set<string>();
  for (const { value } of await readColumns(postgres.url, [
    'text',
    'bytea',
    'character varying',
    'uuid',
    'jsonb',
  ]))
    for (const form of formsOf(value)) values.add(form);
  const taken: string[] = [];
  let attempts = 0;
  const attempt = async (name: string, path: string, init: RequestInit): Promise<void> => {
    const response = await fetch(`${server.baseUrl}/api/v1${path}`, init);
    await response.arrayBuffer();
    attempts += 1;
    if (response.ok) taken.push(name);
    // A question that never came to be decided says nothing.
    if (response.status === 429 || response.status === 503) throw new Error(`${name}: ${response.status}`);
  };
  const post = (body: object): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const device = { id: '11111111-1111-4111-8111-111111111111', name: 'a thief' };
  const keyIds = (await query('select id from api_keys')).map(({ id }) => String(id));

  for (const value of values) {
    const header = /^[\x21-\x7e]{1,4000}$/.test(value);
    if (header)
      await attempt(`${value} as access token`, '/auth/sessions', {
        headers: { authorization: `Bearer ${value}` },
      });
    await attempt(`${value} as refresh token`, '/auth/refresh', post({ refreshToken: value }));
    if (header)
      for (const key of [value, ...keyIds.map((id) => `zkv_${id}_${value}`)])
        await attempt(`${value} as API key`, '/entries', { headers: { 'x-api-key': key } });
    await attempt(
      `${value} as authKey`,
      '/auth/login',
      post({ login: session.login, authKey: value, transport: 'body', device }),
    );
    for (const secondFactor of [{ recoveryCode: value }, { totp: value }])
      await attempt(
        `${value} as second factor`,
        '/auth/login',
        post({ login: session.login, authKey: session.authKey, transport: 'body', device, secondFactor }),
      );
    await attempt(
      `${value} as recovery key`,
      '/auth/recover',
      post({ login: session.login, recoveryAuthKey: value }),
    );
    await query('delete from login_failures');
  }

  // With what the owner has, the same requests do get in: the authKey is right, only a code is missing.
  const control = await fetch(
    `${server.baseUrl}/api/v1/auth/login`,
    post({ login: session.login, authKey: session.authKey, transport: 'body', device }),
  );
  expect(((await control.json()) as { code: string }).code).toBe('second-factor-required');
  expect(values.size).toBeGreaterThan(100);
  expect(attempts).toBeGreaterThan(values.size * 4);
  expect(taken).toEqual([]);
});

/** A value as a client would send it: as it stands, and bytes in the encodings there are. */
function formsOf(value: string): readonly string[] {
  if (!value.startsWith('\\x')) return [value];
  const bytes = Buffer.from(value.slice(2), 'hex');
  return (['base64url', 'base64', 'hex'] as const).map((encoding) => bytes.toString(encoding));
}

/** What the sockets and parsers hold of the last requests is written over by others, on every connection there is. */
async function forgetLastRequests(): Promise<void> {
  const ask = async (): Promise<unknown> => (await fetch(`${server.baseUrl}/livez`)).arrayBuffer();
  for (let turn = 0; turn < 15; turn += 1) await Promise.all(Array.from({ length: 20 }, ask));
}

/** Node collects the garbage before it writes one. */
async function takeHeapSnapshot(): Promise<string> {
  // Not SIGUSR2, at which the server stops.
  process.kill(server.processId, 'SIGWINCH');
  for (let turn = 0; turn < 1_000; turn += 1) {
    await sleep(100);
    const name = readdirSync(folder).find((candidate) => candidate.endsWith('.heapsnapshot'));
    // It answers again when the file is whole.
    if (name === undefined) continue;
    await (await fetch(`${server.baseUrl}/livez`)).arrayBuffer();
    return join(folder, name);
  }
  throw new Error('no heap snapshot was written');
}

async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
