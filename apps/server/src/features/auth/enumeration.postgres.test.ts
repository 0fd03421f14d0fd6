/**
 * Enumeration (A6, A7 of the adversary list): whoever asks about a login, or tries a key on it, learns
 * nothing about whether there is such an account. The list of routes is made from the contract. What their
 * times tell is measured in enumeration.slow.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inject } from '../../../test/every-route/fuzz.ts';
import {
  knownAndUnknown,
  loginOperations,
  loginRequests,
  shapeOf,
} from '../../../test/every-route/login-routes.ts';
import { startTestServer, type TestServer, testKeyRing, testSettings } from '../../../test/test-server.ts';
import { makeWorkQueue } from '../../lib/work-queue.ts';
import { makeVerifiers } from './verifier.ts';

let server: TestServer;
let known: readonly string[];
let unknown: readonly string[];

beforeAll(async () => {
  server = await startTestServer({ hashing: makeWorkQueue({ running: 2, waiting: 1_000 }) });
  const verifier = await makeVerifiers(testKeyRing, testSettings.verifierCost).make(new Uint8Array(32));
  ({ known, unknown } = await knownAndUnknown(server, 200, verifier));
});
afterAll(() => server.close());

describe('a route that takes a login', () => {
  it('is found in the contract', () => {
    expect(loginOperations.map(({ route }) => route.operationId)).toEqual(
      expect.arrayContaining(['prelogin', 'login']),
    );
  });

  it.for(loginOperations.map((operation) => [operation.name, operation] as const))(
    'answers for 200 logins that exist and 200 that do not in one shape: %s',
    { timeout: 120_000 },
    async ([, operation]) => {
      const requestFor = loginRequests(operation);
      // A hash for each takes seconds: the slow suite has all 200 of them.
      const count = operation.route.operationId === 'prelogin' ? 200 : 20;
      const shapes = new Set<string>();
      const logins = [...known.slice(0, count), ...unknown.slice(0, count)];
      await forAll(
        logins,
        async (login) => void shapes.add(JSON.stringify(shapeOf(await inject(server, requestFor(login))))),
      );

      expect([...shapes]).toHaveLength(1);
    },
  );
});

describe('the salt of a login that nobody has', () => {
  it('is the same every time, and another for each', { timeout: 120_000 }, async () => {
    const prelogin = loginOperations.find(({ route }) => route.operationId === 'prelogin')!;
    const requestFor = loginRequests(prelogin);
    const saltOf = async (login: string): Promise<string> =>
      (await inject(server, requestFor(login))).json<{ salt: string }>().salt;

    const salts = new Map<string, string>();
    await forAll([...known, ...unknown], async (login) => void salts.set(login, await saltOf(login)));

    expect(new Set(salts.values()).size).toBe(400);
    await forAll([...known, ...unknown], async (login) => expect(await saltOf(login)).toBe(salts.get(login)));
  });
});

/** A few at a time: the pool of connections has its bounds. */
async function forAll(logins: readonly string[], ask: (login: string) => Promise<void>): Promise<void> {
  for (let at = 0; at < logins.length; at += 10) await Promise.all(logins.slice(at, at + 10).map(ask));
}
