/** Two servers on one database: races between them, and one after the other restarted while clients write. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import { makeDataDirectory } from '../server-process.ts';
import { COUNTS } from './counts.ts';
import { makeDice } from './dice.ts';
import { keepFigures } from './figures.ts';
import { startPostgres } from './priority.ts';
import { loseRefreshAnswers, raceRefreshes } from './refresh-races.ts';
import { type SupervisedServer, superviseServer } from './supervised-server.ts';
import { openSwitch } from './switch.ts';
import { startWriters } from './writers.ts';

const dice = makeDice('two servers');
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let postgres: TemporaryPostgres;
let one: SupervisedServer;
let other: SupervisedServer;

beforeAll(async () => {
  directory = await makeDataDirectory();
  postgres = await startPostgres();
  const database = { dataDirectory: directory.path, databaseUrl: postgres.url };
  const env = {
    JWT_SECRET: randomBytes(32).toString('hex'),
    SERVER_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    SHUTDOWN_DELAY: '1s',
  };
  one = await superviseServer(database, env);
  other = await superviseServer(database, env);
});
afterAll(async () => {
  await one.end('SIGKILL');
  await other.end('SIGKILL');
  await postgres.stop();
  await directory.remove();
});

const deadlocks = (): number => postgres.log().split('deadlock detected').length - 1;

it('gives one of 50 parallel uses of a refresh token a pair, and leaves no live token of them', async () => {
  const startedAtMs = Date.now();

  const report = await raceRefreshes([one.baseUrl, other.baseUrl], {
    rounds: COUNTS.parallelRefreshRounds,
    parallel: 50,
  });

  const { requests, withoutOneWinner, liveAfterReplay, oddAnswers } = report;
  keepFigures(
    'one refresh token 50 times at once on two servers',
    { startedAtMs },
    {
      races: COUNTS.parallelRefreshRounds,
      requests,
      'rounds without one winner': withoutOneWinner,
      'live tokens after a replay': liveAfterReplay,
      deadlocks: deadlocks(),
    },
  );
  expect(report).toMatchObject({ withoutOneWinner: 0, liveAfterReplay: 0 });
  expect(oddAnswers).toEqual([]);
  expect(deadlocks()).toBe(0);
});

it('logs no honest client out whose refresh answers are lost', async () => {
  const startedAtMs = Date.now();

  const report = await loseRefreshAnswers([one.baseUrl, other.baseUrl], {
    answers: COUNTS.lostRefreshAnswers,
    lanes: 8,
  });

  keepFigures(
    'refresh answers lost and asked for again on the other server',
    { startedAtMs },
    { races: report.lostAnswers, ...report, deadlocks: deadlocks() },
  );
  expect(report).toEqual({ lostAnswers: COUNTS.lostRefreshAnswers, loggedOut: 0, otherSuccessors: 0 });
});

it('loses nothing while one after the other is stopped by SIGTERM under load and started again', async () => {
  const startedAtMs = Date.now();
  const balancer = await openSwitch([one.baseUrl, other.baseUrl]);
  const writers = await startWriters({
    count: 6,
    quietUrl: one.baseUrl,
    baseUrl: balancer.baseUrl,
    dice,
    batchSize: 4,
    timeoutMs: 10_000,
  });
  const exitCodes: (number | null)[] = [];

  for (let round = 0; round < COUNTS.rollingRestarts; round += 1)
    for (const server of [one, other]) {
      const before = writers.acknowledged();
      const { exitCode } = await server.restart('SIGTERM');
      exitCodes.push(exitCode);
      while (writers.acknowledged() === before) await sleep(10);
    }
  await writers.stop();
  const damage = await writers.check(one.baseUrl);
  await balancer.close();

  keepFigures(
    'rolling restart by SIGTERM under load',
    { seed: dice.seed, startedAtMs },
    { restarts: exitCodes.length, ...damage, deadlocks: deadlocks() },
  );
  expect(exitCodes.every((code) => code === 0)).toBe(true);
  expect(writers.surprises).toEqual([]);
  // Not one write failed: the other server took over before the one that stops closed its door.
  expect(damage).toMatchObject({ unanswered: 0, lost: 0, torn: 0, doubled: 0, loggedOut: 0 });
});
