/**
 * A sample of the fault suite (`pnpm test:faults`, docs/reliability.md) for the normal run: the same scenarios with
 * small counts.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import { makeDataDirectory } from '../server-process.ts';
import { makeDice } from './dice.ts';
import { killUnderLoad } from './kills.ts';
import { retryThroughClientLink, writeThroughClientLink } from './links.ts';
import { startPostgres } from './priority.ts';
import { loseRefreshAnswers, raceRefreshes } from './refresh-races.ts';
import { type SupervisedServer, superviseServer } from './supervised-server.ts';

const NO_DAMAGE = { lost: 0, torn: 0, doubled: 0, loggedOut: 0 };
const dice = makeDice('sample');

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let postgres: TemporaryPostgres;
let server: SupervisedServer;
let other: SupervisedServer;
beforeAll(async () => {
  directory = await makeDataDirectory();
  postgres = await startPostgres();
  const database = { dataDirectory: directory.path, databaseUrl: postgres.url };
  const env = {
    JWT_SECRET: randomBytes(32).toString('hex'),
    SERVER_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
  };
  server = await superviseServer(database, env);
  other = await superviseServer(database, env);
}, 120_000);
afterAll(async () => {
  await server.end('SIGKILL');
  await other.end('SIGKILL');
  await postgres.stop();
  await directory.remove();
}, 60_000);

it.for([
  ['the server', 'server', 3],
  ['PostgreSQL', 'postgres', 1],
  ['both', 'both', 1],
] as const)(
  'nothing acknowledged is lost when %s is killed under load',
  { timeout: 240_000 },
  async ([, what, kills]) => {
    const { damage, surprises } = await killUnderLoad(
      { server, postgres },
      { what, kills, writers: 3, dice, limitMs: 60_000 },
    );

    expect(surprises).toEqual([]);
    expect(damage).toMatchObject(NO_DAMAGE);
    expect(damage.acknowledged).toBeGreaterThan(0);
  },
);

it('nothing is lost or doubled through a bad link', { timeout: 240_000 }, async () => {
  const sdk = await writeThroughClientLink(server, { writes: 150, dice, limitMs: 60_000 });
  const plain = await retryThroughClientLink(server, { writes: 150, dice, limitMs: 60_000 });

  for (const { damage, surprises } of [sdk, plain]) {
    expect(surprises).toEqual([]);
    expect(damage).toMatchObject(NO_DAMAGE);
    expect(damage.acknowledged).toBeGreaterThanOrEqual(150);
  }
  expect(plain.repetitions).toBeGreaterThan(0);
});

it('refresh tokens survive lost answers and no replay', { timeout: 240_000 }, async () => {
  const servers = [server.baseUrl, other.baseUrl] as const;
  const races = await raceRefreshes(servers, { rounds: 2, parallel: 50 });
  const lost = await loseRefreshAnswers(servers, { answers: 20, lanes: 4 });

  expect(races).toEqual({ requests: 100, withoutOneWinner: 0, liveAfterReplay: 0, oddAnswers: [] });
  expect(lost).toEqual({ lostAnswers: 20, loggedOut: 0, otherSuccessors: 0 });
});
