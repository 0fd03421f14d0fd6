/**
 * @file The app on a database of its own, for tests through `inject`. Every answer is checked against
 * the contract: an undeclared problem code, or a success that is not the declared one, fails the test.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { commonProblems, decode, type Problem, type RouteContract } from '@zkvault/contract';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { type AppDeps, type AppSettings, buildApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { type ChangeFeed, makeChangeFeed } from '../src/db/change-feed.ts';
import type { Db, UserRow } from '../src/db/schema.ts';
import { makeAccessTokens } from '../src/features/sessions/access-token.ts';
import { contractOf } from '../src/http/contract-route.ts';
import { type KeyRing, makeKeyRing } from '../src/lib/key-ring.ts';
import { checkStreams, isStream, readOpening } from './event-streams.ts';
import { openTestDatabase } from './test-database.ts';

/** An account with a live session, put into the database without the routes. */
export interface TestAccount {
  readonly userId: string;
  readonly sessionId: string;
  /** Its access token. */
  readonly token: string;
}

/** An app under test. */
export interface TestServer {
  readonly app: FastifyInstance;
  readonly db: Db;
  /** What changes in its database. */
  readonly changes: ChangeFeed;
  /** Everything logged so far, one JSON line each, at trace level. */
  readonly logLines: readonly string[];
  /** Sends a request; `as` is the account that asks. Of a stream only the beginning is awaited. */
  send(request: InjectOptions & { readonly as?: TestAccount }): Promise<LightMyRequestResponse>;
  /** Makes an account with a session. @param role `user` if left out. */
  givenAccount(role?: UserRow['role']): Promise<TestAccount>;
  /** @throws {Error} an answer was not one that its contract declares. */
  close(): Promise<void>;
}

const defaults = loadConfig({});

/** What a hash of an authKey costs in earnest: for tests of just that. */
export const { verifierCost: earnestVerifierCost } = defaults;

/**
 * The settings of the app under test: those of an empty environment, but without limits of rate or load, and
 * with the cheapest hash there is, because thousands of requests get as far as one.
 */
export const testSettings: AppSettings = {
  ...defaults,
  verifierCost: { ...earnestVerifierCost, memoryKib: 8, iterations: 1 },
  rateLimits: {
    default: 'off',
    session: 'off',
    apiKey: 'off',
    login: 'off',
    register: 'off',
    refresh: 'off',
  },
  pressure: { maxEventLoopDelayMs: 'off', maxEventLoopPercent: 'off', maxHeapPercent: 'off' },
};
/** The secret of the access tokens of the app under test. */
export const testJwtSecret = 'a secret for tests only, 32 characters and more';
const jwtSecrets = [testJwtSecret];
/** The server keys of the app under test. */
export const testKeyRing: KeyRing = makeKeyRing([{ id: 'test', secret: new Uint8Array(32).fill(7) }]);
const accessTokens = makeAccessTokens({
  secrets: jwtSecrets,
  issuer: testSettings.jwtIssuer,
  audience: testSettings.jwtAudience,
  ttlSeconds: testSettings.accessTokenTtlSeconds,
});

/**
 * Opens an app for a test file, which closes it after its last test.
 *
 * @param overrides what the app shall have instead of the tests' own.
 */
export async function startTestServer(
  overrides: Partial<Omit<AppDeps, 'settings'>> & { readonly settings?: Partial<AppSettings> } = {},
): Promise<TestServer> {
  const { db, changes: source, close: closeDatabase } = await openTestDatabase();
  const changes = makeChangeFeed(source, () => {});
  await changes.start();
  const logLines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) });
  const app = await buildApp({
    db,
    logger,
    jwtSecrets,
    keyRing: testKeyRing,
    version: '0.0.0-test',
    changes,
    ...overrides,
    settings: { ...testSettings, ...overrides.settings },
  });
  const violations = checkAgainstContract(app);
  await app.ready();
  const close = async (): Promise<void> => {
    await app.close();
    await changes.close();
    await closeDatabase();
    if (violations.length > 0) throw new Error(`not declared by the contract: ${violations.join('; ')}`);
  };
  return {
    app,
    db,
    changes,
    logLines,
    send({ as, ...request }) {
      const bearer = as === undefined ? {} : { authorization: `Bearer ${as.token}` };
      const whole = { ...request, headers: { ...bearer, ...request.headers } };
      return isStream(request) ? readOpening(app, whole) : app.inject(whole);
    },
    givenAccount: (role = 'user') => insertAccount(db, role),
    close,
  };
}

/** Notes every answer that the route's contract does not declare, and answers 500 in its place. */
function checkAgainstContract(app: FastifyInstance): string[] {
  const violations: string[] = [];
  app.addHook('onSend', async (request, reply, payload) => {
    const contract = contractOf(request);
    const violation =
      contract === undefined ? undefined : findViolation(contract, reply.statusCode, String(payload));
    if (violation === undefined) return;
    violations.push(violation);
    throw new Error(violation);
  });
  checkStreams(app, violations);
  return violations;
}

function findViolation(contract: RouteContract, status: number, payload: string): string | undefined {
  const { operationId, success, refusals } = contract;
  if (status >= 400) {
    const { code } = JSON.parse(payload) as Problem;
    const declared: readonly string[] = [...commonProblems, ...refusals];
    return declared.includes(code) ? undefined : `${operationId} answered ${code}`;
  }
  if (status !== success.status) return `${operationId} answered ${status}`;
  if (!('body' in success)) return undefined;
  try {
    decode(success.body, JSON.parse(payload));
    return undefined;
  } catch (error) {
    return `${operationId} answered what it does not declare: ${String(error)}`;
  }
}

async function insertAccount(db: Db, role: UserRow['role']): Promise<TestAccount> {
  const userId = randomUUID();
  const sessionId = randomUUID();
  const { created_at: now } = await db
    .insertInto('users')
    .values({
      id: userId,
      login: `user-${userId.slice(0, 8)}`,
      role,
      kdf_profile: 1,
      kdf_salt: randomBytes(16).toString('base64url'),
      verifier: '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$bm90IGEgdmVyaWZpZXI',
      verifier_key_id: 'test',
    })
    .returning('created_at')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('sessions')
    .values({
      id: sessionId,
      user_id: userId,
      device_id: randomUUID(),
      device_name: 'a test',
      transport: 'body',
      address_prefix: '127.0.0.0/24',
    })
    .execute();
  const token = await accessTokens.sign({ userId, sessionId, role }, now);
  return { userId, sessionId, token };
}
