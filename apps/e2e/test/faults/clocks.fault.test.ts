/**
 * The clock of the server steps by hours and days, to and fro: what is valid is decided by the database's time, so
 * nobody is logged out and nothing is lost. The clock is libfaketime's, of Debian; only the server sees it.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { findProgram } from '../../../../test/debian-program.ts';
import { makeDataDirectory } from '../server-process.ts';
import { COUNTS } from './counts.ts';
import { makeDice } from './dice.ts';
import { keepFigures } from './figures.ts';
import { startPostgres } from './priority.ts';
import { superviseServer } from './supervised-server.ts';
import { startWriters } from './writers.ts';

const program = await findProgram({
  names: ['faketime'],
  probe: ['--help'],
  packages: ['faketime', 'libfaketime'],
  path: 'usr/bin/faketime',
});
const library = program === undefined ? undefined : findLibrary(program.path);

/** `libfaketime.so.1`, below the lib folder beside the program's. */
function findLibrary(path: string): string | undefined {
  const lib = path.includes('/') ? join(dirname(path), '../lib') : '/usr/lib';
  return readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('/libfaketime.so.1'))
    .map((name) => join(lib, name))[0];
}

/** How far the server's clock is from what it shall be, in ms; the date of an answer is made once a second. */
async function differenceOf(baseUrl: string, seconds: number): Promise<number> {
  for (let turn = 0; ; turn += 1) {
    const response = await fetch(`${baseUrl}/livez`);
    await response.arrayBuffer();
    const date = Date.parse(response.headers.get('date') ?? '');
    const difference = Math.abs(date - Date.now() - seconds * 1_000);
    if (difference < 10_000 || turn === 30) return difference;
    await sleep(100);
  }
}

it.skipIf(library === undefined)('keeps sessions and writes while the server’s clock steps', async () => {
  const startedAtMs = Date.now();
  const dice = makeDice('clock steps');
  const folder = await mkdtemp(join(tmpdir(), 'zkvault-clock-'));
  const clock = join(folder, 'clock');
  await writeFile(clock, '+0\n');
  const directory = await makeDataDirectory();
  const postgres = await startPostgres();
  const server = await superviseServer(
    { dataDirectory: directory.path, databaseUrl: postgres.url },
    {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      // Timers go on: it is the time of day that is wrong.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  );
  const writers = await startWriters({
    count: 3,
    quietUrl: server.baseUrl,
    baseUrl: server.baseUrl,
    dice,
    batchSize: 4,
    timeoutMs: 10_000,
  });

  const seen: number[] = [];
  for (let step = 0; step < COUNTS.clockSteps; step += 1) {
    const seconds = (dice.chance(0.5) ? 1 : -1) * dice.between(60, 400 * 86_400);
    await writeFile(clock, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await sleep(300);
    const before = writers.acknowledged();
    while (writers.acknowledged() < before + 5) await sleep(10);
    seen.push(await differenceOf(server.baseUrl, seconds));
  }
  await writers.stop();
  const damage = await writers.check(server.baseUrl);
  await server.end('SIGKILL');
  await postgres.stop();
  await directory.remove();
  await rm(folder, { recursive: true });

  keepFigures(
    'clock steps of the server',
    { seed: dice.seed, startedAtMs },
    { steps: seen.length, ...damage },
  );
  // The server did see the steps: its answers bear the false date.
  expect(Math.max(...seen)).toBeLessThan(10_000);
  expect(writers.surprises).toEqual([]);
  expect(damage).toMatchObject({ unanswered: 0, lost: 0, torn: 0, doubled: 0, loggedOut: 0 });
});
