/**
 * Broken authentication, on every route there is: whoever brings no token, or one that this server did not
 * make for this session and this moment, is answered 401, and nothing is read or changed before that.
 * The walk is made from the contract, so a new route is in it. F7 of the adversary list (algorithm
 * confusion, forged claims) and requirement 83 (garbage) are among the tokens.
 */
import type { Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../test-server.ts';
import { type Member, makeCast } from './cast.ts';
import { boundedBy, faultsOf } from './conforming.ts';
import { databaseState } from './database-state.ts';
import { forgerOf, longToken, spoiltAuthorizations } from './forged-tokens.ts';
import { isStream, type Operation, operations, sessionOperations } from './operations.ts';
import { rightRequest, roleFor, type WalkRequest } from './requests.ts';

const server = await startTestServer();
afterAll(() => server.close());
const givenMember = await makeCast(server);
const other = await givenMember('admin');

type Request = Partial<WalkRequest> & Pick<WalkRequest, 'url'>;

async function send(request: Request, authorization?: string): Promise<LightMyRequestResponse> {
  const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
  const answer = server.app.inject({ ...request, headers });
  return boundedBy(answer, `${request.method} ${request.url}`);
}

/** What an answer is, in short; with what is wrong with it. */
function summary(response: LightMyRequestResponse): string {
  const { code } = response.json<Problem>();
  const challenge = String(response.headers['www-authenticate']);
  return [response.statusCode, code, challenge, ...faultsOf(response)].join(' ');
}

const REFUSED = '401 invalid-token Bearer';

/** The names of those attempts that were not refused as they should be. */
async function notRefused(
  { name }: Operation,
  request: Request,
  attempts: readonly (readonly [string, string | undefined])[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    attempts.map(async ([attempt, authorization]) => {
      const answer = summary(await send(request, authorization));
      return answer === REFUSED ? [] : [`${name} with ${attempt}: ${answer}`];
    }),
  );
  return answers.flat();
}

/** Tokens of sessions and accounts that have ended, each of an account of its own. */
async function endedAuthorizations(role: Member['role']): Promise<readonly (readonly [string, string])[]> {
  const { db } = server;
  const [logout, stopped, deleted, raised] = [
    await givenMember(role),
    await givenMember(role),
    await givenMember(role),
    await givenMember(role),
  ];
  const bearer = ({ token }: Member): string => `Bearer ${token}`;
  await send({ method: 'POST', url: '/api/v1/auth/logout' }, bearer(logout));
  await db.updateTable('users').set({ is_active: false }).where('id', '=', stopped.userId).execute();
  await db.deleteFrom('users').where('id', '=', deleted.userId).execute();
  const newRole = role === 'moderator' ? 'viewer' : 'moderator';
  await db.updateTable('users').set({ role: newRole }).where('id', '=', raised.userId).execute();
  return [
    ['the token of an ended session', bearer(logout)],
    ['the token of a stopped account', bearer(stopped)],
    ['the token of a deleted account', bearer(deleted)],
    ['the token of another role', bearer(raised)],
  ];
}

describe('a route that asks for a session', () => {
  it('is there to be walked', () => {
    expect(sessionOperations.length).toBeGreaterThan(30);
  });

  it.for(sessionOperations.map((operation) => [operation.name, operation] as const))(
    'lets nobody in without a right token, and does nothing: %s',
    async ([, operation]) => {
      const role = roleFor(operation.route);
      const member = await givenMember(role);
      const attempts = [
        ['no token', undefined] as const,
        ...spoiltAuthorizations(member, other),
        ...(await endedAuthorizations(role)),
      ];
      const before = await databaseState(server.db);

      const request = rightRequest(operation, member);
      const bad = [
        ...(await notRefused(operation, request, attempts)),
        ...(await notRefused(operation, elsewhere(request, member), [['a token elsewhere', undefined]])),
      ];

      expect(bad).toEqual([]);
      expect(await databaseState(server.db)).toBe(before);
      if (isStream(operation)) return;
      const right = await send(request, `Bearer ${forgerOf(member).forge()}`);
      expect(right.statusCode, 'the forger forges well').not.toBe(401);
    },
  );

  it('takes a token of up to 4 KiB', async () => {
    const member = await givenMember('user');
    const statuses = await Promise.all(
      [4_094, 4_097].map(async (length) => {
        const token = longToken(member, length);
        const { statusCode } = await send({ url: '/api/v1/vaults' }, `Bearer ${token}`);
        return [token.length <= 4_096, statusCode];
      }),
    );

    expect(statuses).toEqual([
      [true, 200],
      [false, 401],
    ]);
  });

  it.for(sessionOperations.map((operation) => [operation.name, operation] as const))(
    'refuses before it reads anything else: %s',
    async ([, { route, path }]) => {
      const url = path.replaceAll(/:\w+/g, 'no-id');
      const response = await send({
        method: route.method,
        url: `${url}?nope=%00`,
        headers: { 'content-type': 'text/nonsense' },
        ...(route.method === 'GET' ? {} : { payload: '{"no json' }),
      });

      expect(summary(response)).toBe(REFUSED);
    },
  );
});

/** The right token in every place but the right one. */
function elsewhere(request: Request, { token }: Member): Request {
  const { url } = request;
  return {
    ...request,
    url: `${url}${url.includes('?') ? '&' : '?'}access_token=${token}`,
    headers: {
      ...request.headers,
      cookie: `access_token=${token}; token=${token}; authorization=Bearer ${token}`,
      'x-access-token': token,
      'x-authorization': `Bearer ${token}`,
      'proxy-authorization': `Bearer ${token}`,
      'x-forwarded-authorization': `Bearer ${token}`,
    },
  };
}

describe('a route that asks for no session', () => {
  const open = operations.filter(({ route }) => route.auth === 'none');

  it.for(open.map((operation) => [operation.name, operation] as const))(
    'answers whoever brings a wrong token as whoever brings none: %s',
    async ([, operation]) => {
      const member = await givenMember('user');
      const request = { method: operation.route.method, url: operation.path };
      const plain = await send(request);

      const answers = await Promise.all(
        spoiltAuthorizations(member, other).map(async ([, authorization]) => send(request, authorization)),
      );

      expect(faultsOf(plain)).toEqual([]);
      for (const answer of answers) {
        expect(answer.statusCode).toBe(plain.statusCode);
        expect(Object.keys(answer.headers)).toEqual(Object.keys(plain.headers));
        expect(faultsOf(answer)).toEqual([]);
      }
    },
  );
});
