/** Links that are cut, black-holed, slowed, and lose answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import { makeDataDirectory } from '../server-process.ts';
import { COUNTS, LIMITS } from './counts.ts';
import { makeDice } from './dice.ts';
import { keepFigures } from './figures.ts';
import { type Link, openLink } from './link.ts';
import {
  type LinkReport,
  retryThroughClientLink,
  writeThroughClientLink,
  writeThroughDatabaseLink,
} from './links.ts';
import { makePlainAccount, postJson } from './plain-writers.ts';
import { startPostgres } from './priority.ts';
import { type SupervisedServer, superviseServer } from './supervised-server.ts';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let postgres: TemporaryPostgres;
let server: SupervisedServer;
let link: Link;
const dice = makeDice('links');

beforeAll(async () => {
  directory = await makeDataDirectory();
  postgres = await startPostgres();
  link = await openLink(Number(new URL(postgres.url).port), {
    dice,
    badPart: 0.8,
    fates: ['cut', 'black-hole', 'slow', 'lose-answer'],
    latestPiece: 40,
    // Longer than the server's patience: it must not wait for the end of a connection.
    holeMs: 60_000,
  });
  const url = new URL(postgres.url);
  url.port = `${link.port}`;
  server = await superviseServer({ dataDirectory: directory.path, databaseUrl: url.href });
});
afterAll(async () => {
  await server.end('SIGKILL');
  await link.close();
  await postgres.stop();
  await directory.remove();
});

function keep(scenario: string, startedAtMs: number, { damage, repetitions, met }: LinkReport): void {
  const fates = Object.entries(met).map(([fate, count]) => [`connections: ${fate}`, count]);
  keepFigures(
    scenario,
    { seed: dice.seed, startedAtMs },
    {
      ...damage,
      ...(repetitions === 0 ? {} : { repetitions }),
      deadlocks: postgres.log().split('deadlock detected').length - 1,
      ...(Object.fromEntries(fates) as Record<string, number>),
    },
  );
}

function expectNoDamage({ damage, surprises }: LinkReport): void {
  expect(surprises).toEqual([]);
  expect(damage).toMatchObject({ lost: 0, torn: 0, doubled: 0, loggedOut: 0 });
  expect(damage.acknowledged).toBeGreaterThan(0);
}

it('goes on when the network has forgotten every connection to the database', async () => {
  const account = await makePlainAccount(server.baseUrl);
  const write = () =>
    postJson(
      `${server.baseUrl}/api/v1/entries`,
      { ciphertext: 'AAAA', iv: 'A'.repeat(16), tag: 'A'.repeat(22) },
      { authorization: `Bearer ${account.accessToken}` },
      60_000,
    ).then(({ status }) => status);
  expect(await Promise.all(Array.from({ length: 20 }, write))).toEqual(Array.from({ length: 20 }, () => 201));

  const startedAtMs = Date.now();
  link.forgetAll();
  const first = await Promise.all(Array.from({ length: 20 }, write));
  let backAfterMs = Date.now() - startedAtMs;
  while ((await write()) !== 201) {
    backAfterMs = Date.now() - startedAtMs;
    expect(backAfterMs).toBeLessThan(60_000);
    await sleep(100);
  }

  keepFigures(
    'connections to the database forgotten',
    { startedAtMs },
    { 'works again after ms': backAfterMs },
  );
  expect(new Set(first)).toEqual(new Set([503]));
  expect(backAfterMs).toBeLessThan(45_000);
}, 180_000);

it('loses nothing of what the SDK wrote through a bad link', async () => {
  const campaign = { writes: COUNTS.writesThroughClientLink, limitMs: LIMITS.writesThroughClientLink, dice };
  const startedAtMs = Date.now();

  const report = await writeThroughClientLink(server, campaign);

  keep('client to server: SDK', startedAtMs, report);
  expectNoDamage(report);
});

it('does once what was sent again and again with one key', async () => {
  const campaign = {
    writes: COUNTS.retriedWritesThroughClientLink,
    limitMs: LIMITS.retriedWritesThroughClientLink,
    dice,
  };
  const startedAtMs = Date.now();

  const report = await retryThroughClientLink(server, campaign);

  keep('client to server: retries with one Idempotency-Key', startedAtMs, report);
  expectNoDamage(report);
  expect(report.repetitions).toBeGreaterThan(0);
});

it('loses nothing when the link to the database is bad', async () => {
  const campaign = {
    writes: COUNTS.writesThroughDatabaseLink,
    limitMs: LIMITS.writesThroughDatabaseLink,
    dice,
  };
  const startedAtMs = Date.now();

  const report = await writeThroughDatabaseLink({ server, link }, campaign);

  keep('server to database', startedAtMs, report);
  expectNoDamage(report);
});
