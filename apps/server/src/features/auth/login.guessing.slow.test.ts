/**
 * Online guessing at scale (A8 of the adversary list): a thousand guesses at once, from as many made-up
 * addresses, and a restart in between. The count is in the database and the address is the socket's, so
 * what is looked at stays within the limit.
 */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authClient, someBytes } from '../../../test/auth-client.ts';
import {
  startTestServer,
  type TestServer,
  testJwtSecret,
  testKeyRing,
  testSettings,
} from '../../../test/test-server.ts';
import { buildApp } from '../../app.ts';
import { makeWorkQueue } from '../../lib/work-queue.ts';

const GUESSES = 1_000;
const hashing = makeWorkQueue({ running: 2, waiting: 2 * GUESSES });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ hashing });
});
afterAll(() => server.close());

/** The reasons of all refusals so far, counted. */
function reasons(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of server.logLines) {
    const { event, outcome, reason } = JSON.parse(line) as Record<string, unknown>;
    if (event !== 'authentication_event' || outcome !== 'failure') continue;
    counts[String(reason)] = (counts[String(reason)] ?? 0) + 1;
  }
  return counts;
}

it('lets a thousand parallel guesses from made-up addresses be looked at five times, also after a restart', async () => {
  const client = authClient(server.app);
  const account = await client.givenAccount();
  const guess = (from: string, authKey = someBytes(32), app = server.app): Promise<number> =>
    authClient(app)
      .post('/api/v1/auth/login', client.loginBody({ login: account.login, authKey }), {
        'x-forwarded-for': from,
      })
      .then(({ statusCode }) => statusCode);

  const statuses = await Promise.all(
    Array.from({ length: GUESSES }, (_, index) => guess(`10.${index >> 8}.${index & 255}.1`)),
  );
  const restarted = await buildApp({
    db: server.db,
    logger: pino({ level: 'silent' }),
    jwtSecrets: [testJwtSecret],
    keyRing: testKeyRing,
    version: '0.0.0-test',
    settings: testSettings,
  });
  const afterRestart = await guess('192.0.2.7', account.authKey, restarted);
  await restarted.close();

  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(reasons()).toEqual({
    'wrong-key': testSettings.maxFailedLogins,
    locked: GUESSES - testSettings.maxFailedLogins,
  });
  expect(afterRestart).toBe(401);
});
