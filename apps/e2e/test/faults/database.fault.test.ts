/** A database that is locked, absent, or has no room: refusals for now, and nothing lost. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataDirectory, startServer } from '../server-process.ts';
import { makeDice } from './dice.ts';
import { keepFigures } from './figures.ts';
import { makePlainAccount, postJson } from './plain-writers.ts';
import { serverCommand, startPostgres } from './priority.ts';
import { superviseServer, waitUntilReady } from './supervised-server.ts';
import { startWriters } from './writers.ts';

const AN_ENTRY = { ciphertext: 'AAAA', iv: 'A'.repeat(16), tag: 'A'.repeat(22) };

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(() => directory.remove());

it('says 503 while a lock has every connection of the pool, and goes on when it is gone', async () => {
  const startedAtMs = Date.now();
  const postgres = await startPostgres();
  const server = await superviseServer({ dataDirectory: directory.path, databaseUrl: postgres.url });
  const account = await makePlainAccount(server.baseUrl);
  const headers = { authorization: `Bearer ${account.accessToken}` };
  const write = async () => {
    const atMs = performance.now();
    const response = await postJson(`${server.baseUrl}/api/v1/entries`, AN_ENTRY, headers, 60_000);
    await response.arrayBuffer();
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      ms: performance.now() - atMs,
    };
  };
  const holder = new pg.Client({ connectionString: postgres.url });
  await holder.connect();
  await holder.query('begin; lock table entries in access exclusive mode');

  const waiting = Promise.all(Array.from({ length: 60 }, write));
  await sleep(500);
  const alive = await fetch(`${server.baseUrl}/livez`);
  const refused = await waiting;
  await holder.query('rollback');
  await holder.end();
  const afterwards = await Promise.all(Array.from({ length: 20 }, write));
  await server.end('SIGKILL');
  await postgres.stop();

  const longestMs = Math.round(Math.max(...refused.map(({ ms }) => ms)));
  keepFigures(
    'pool exhausted by a lock',
    { startedAtMs },
    { refused: refused.length, 'longest wait ms': longestMs },
  );
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  expect(refused.every(({ retryAfter }) => retryAfter !== null)).toBe(true);
  expect(alive.status).toBe(200);
  expect(new Set(afterwards.map(({ status }) => status))).toEqual(new Set([201]));
});

it('ends with 1 and says why when the database is absent at its start, and starts when it is back', async () => {
  const startedAtMs = Date.now();
  const postgres = await startPostgres();
  const database = { dataDirectory: directory.path, databaseUrl: postgres.url };
  const before = await superviseServer(database);
  await before.end('SIGTERM');
  await postgres.kill();

  const failure = await startServer(database, {}, serverCommand()).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const startingMs = performance.now();
  const starting = before.startAgain(startingMs);
  await sleep(2_000);
  await postgres.start();
  const { failedStarts, readyMs } = await starting;
  await before.end('SIGKILL');
  await postgres.stop();

  keepFigures(
    'database absent at start and returning',
    { startedAtMs },
    {
      'starts refused': failedStarts,
      'ready ms after the first try (absent for 2,000)': Math.round(readyMs),
    },
  );
  expect(failure).toMatch(/cannot start: .*ECONNREFUSED/);
  // The password of the URL stands in no message.
  expect(failure).not.toContain('postgres:postgres');
  expect(failedStarts).toBeGreaterThan(0);
});

const mountPoint = mkdtempSync(join(tmpdir(), 'zkvault-full-'));
const canMount = tryMount(mountPoint);
if (!canMount)
  process.stderr.write('no file system can be mounted here: the test of a full disk is skipped\n');

describe.skipIf(!canMount)('a full disk', () => {
  afterAll(() => {
    execFileSync('umount', ['-l', mountPoint]);
    rmSync(mountPoint, { recursive: true, force: true });
  });

  it('of PostgreSQL refuses writes and loses none, and there is room again', async () => {
    await chmod(mountPoint, 0o777);
    const startedAtMs = Date.now();
    const dice = makeDice('disk full');
    const postgres = await startPostgres(mountPoint);
    const server = await superviseServer({ dataDirectory: directory.path, databaseUrl: postgres.url });
    const writers = await startWriters({
      count: 4,
      quietUrl: server.baseUrl,
      baseUrl: server.baseUrl,
      dice,
      batchSize: 10,
      timeoutMs: 10_000,
    });
    const account = await makePlainAccount(server.baseUrl);
    const headers = { authorization: `Bearer ${account.accessToken}` };
    const filler = join(mountPoint, 'filler');
    await fillFile(filler);
    await fillUp(postgres.url);
    const before = writers.acknowledged();
    const answers: number[] = [];
    const refused = (): number => answers.filter((status) => status === 503).length;
    // Pages and segments that PostgreSQL has already may still have room.
    for (let turn = 0; turn < 200 && refused() < 10; turn += 1) {
      const response = await postJson(`${server.baseUrl}/api/v1/entries`, AN_ENTRY, headers);
      await response.arrayBuffer();
      answers.push(response.status);
      await sleep(200);
    }
    const during = writers.acknowledged() - before;

    await rm(filler);
    if (!(await isUp(postgres.url))) {
      await postgres.kill();
      await postgres.start();
    }
    await waitUntilReady(server.baseUrl, performance.now() + 60_000);
    const resumedAt = writers.acknowledged();
    while (writers.acknowledged() === resumedAt) await sleep(20);
    await writers.stop();
    const damage = await writers.check(server.baseUrl);
    await server.end('SIGKILL');
    await postgres.stop();

    keepFigures(
      'disk full (PostgreSQL)',
      { seed: dice.seed, startedAtMs },
      { ...damage, 'acknowledged while full': during, 'refused with 503': refused() },
    );
    expect(writers.surprises).toEqual([]);
    expect(damage).toMatchObject({ lost: 0, torn: 0, doubled: 0, loggedOut: 0 });
    expect(answers.filter((status) => status !== 201 && status !== 503)).toEqual([]);
    expect(refused()).toBe(10);
  });
});

/** Makes a file of all the room there is. */
async function fillFile(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(Buffer.alloc(65_536));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

/** False if it has ended: without room for its log PostgreSQL stops, and may or may not come back by itself. */
async function isUp(url: string): Promise<boolean> {
  for (let turn = 0; turn < 20; turn += 1) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    const answers = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (answers) return true;
    await sleep(250);
  }
  return false;
}

/** Writes into a table of its own until there is no room; PostgreSQL may well end over it. */
async function fillUp(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  const ballast = `insert into ballast select repeat(md5(random()::text), 200) from generate_series(1, 100)`;
  try {
    await client.connect();
    await client.query('create table ballast (bytes text)');
    for (let turn = 0; turn < 400; turn += 1) await client.query(ballast);
  } catch {
    // That is what it was for.
  } finally {
    await client.end().catch(() => {});
  }
}

function tryMount(directory_: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'none', directory_], { stdio: 'ignore' });
    return true;
  } catch {
    rmSync(directory_, { recursive: true, force: true });
    return false;
  }
}
