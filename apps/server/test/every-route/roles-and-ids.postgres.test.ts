/**
 * Broken object-level authorisation (F5 of the adversary list), on every route there is: a caller names a
 * thing by somebody else's id, or has not the role. Nothing is done, and the answer is byte for byte the one
 * for a thing that is not there, but for the request id. The walk is made from the contract.
 */
import { randomUUID } from 'node:crypto';
import type { Problem, Role } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { rolePermissions } from '../../src/features/users/permissions.ts';
import { startTestServer } from '../test-server.ts';
import { withoutRequestId } from '../vault-api.ts';
import { kinds, type Member, makeCast } from './cast.ts';
import { boundedBy, faultsOf } from './conforming.ts';
import { databaseState } from './database-state.ts';
import { fillPath, guardedOperations, isStream, type Operation, parametersOf } from './operations.ts';
import { rightRequest, roleFor } from './requests.ts';

const server = await startTestServer();
afterAll(() => server.close());
const givenMember = await makeCast(server);
const guarded = guardedOperations.filter((operation) => !isStream(operation));
const roles = ['viewer', 'user', 'moderator', 'admin'] as const satisfies readonly Role[];

/** Sends what is right for one member as another, to the things that `ids` names. */
function send(
  operation: Operation,
  as: Member,
  ids: Readonly<Record<string, string>>,
): Promise<LightMyRequestResponse> {
  const request = rightRequest(operation, { ...as, ids });
  return boundedBy(server.send({ ...request, as }), operation.name);
}

const named = (list: readonly Operation[]) => list.map((operation) => [operation.name, operation] as const);

/** Ids under which nobody has anything. */
const absentIds = (): Record<string, string> =>
  Object.fromEntries(Object.keys(kinds).map((kind) => [kind, randomUUID()]));

describe('a role that does not allow it', () => {
  const restricted = guarded.filter(({ route }) => route.permission !== undefined);

  it.for(named(restricted))(
    'is refused one’s own and everybody’s things alike: %s',
    async ([, operation]) => {
      const { permission } = operation.route;
      const victim = await givenMember('user');
      for (const role of roles) {
        if (permission === undefined || rolePermissions[role].includes(permission)) continue;
        const member = await givenMember(role);
        const before = await databaseState(server.db);

        const own = await send(operation, member, member.ids);
        const foreign = await send(operation, member, victim.ids);
        const absent = await send(operation, member, absentIds());

        expect([own.statusCode, own.json<Problem>().code]).toEqual([403, 'insufficient-permission']);
        expect(withoutRequestId(foreign)).toEqual(withoutRequestId(own));
        expect(withoutRequestId(absent)).toEqual(withoutRequestId(own));
        expect(await databaseState(server.db)).toBe(before);
      }
    },
  );
});

describe("somebody else's id", () => {
  const withIds = guarded.filter(({ path }) => parametersOf(path).some(({ kind }) => isOwned(kind)));

  it('is looked for in several routes', () => {
    expect(withIds.length).toBeGreaterThan(8);
  });

  it.for(named(withIds))('is answered exactly as nobody’s, and does nothing: %s', async ([, operation]) => {
    const victim = await givenMember('user');
    for (const role of roles.slice(roles.indexOf(roleFor(operation.route)))) {
      const member = await givenMember(role);
      const before = await databaseState(server.db);

      for (const kindsNamed of combinations(operation.path)) {
        const ids = (from: Readonly<Record<string, string>>) =>
          Object.fromEntries(
            Object.keys(kinds).map((kind) => [kind, (kindsNamed.has(kind) ? from : member.ids)[kind] ?? '']),
          );
        const foreign = await send(operation, member, ids(victim.ids));
        const absent = await send(operation, member, ids(absentIds()));

        expect(foreign.statusCode).toBe(404);
        expect(faultsOf(foreign)).toEqual([]);
        expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
        expect(foreign.rawPayload.length).toBe(absent.rawPayload.length);
      }
      expect(await databaseState(server.db)).toBe(before);
    }
  });

  it.for(named(withIds))(
    'is what makes the difference, because one’s own is there: %s',
    async ([, operation]) => {
      const member = await givenMember(roleFor(operation.route));

      const own = await send(operation, member, member.ids);

      expect(own.statusCode).not.toBe(404);
      expect(own.statusCode).toBeLessThan(500);
    },
  );

  it.for(named(withIds))('that is no id at all tells nothing either: %s', async ([, { route, path }]) => {
    const as = await givenMember(roleFor(route));

    for (const id of [
      '0',
      '%00',
      '*',
      "'",
      '%2e%2e',
      randomUUID().toUpperCase(),
      'null',
      `${randomUUID()}%0a`,
    ]) {
      const url = fillPath(path, () => id);
      const response = await boundedBy(server.send({ method: route.method, url, as }), url);

      expect(faultsOf(response), url).toEqual([]);
      expect([404, 422], url).toContain(response.statusCode);
    }
  });
});

describe('an account in the body', () => {
  const withBody = guarded.filter(({ route }) => route.body !== undefined);

  it.for(named(withBody))('is refused: only the token says who asks: %s', async ([, operation]) => {
    const victim = await givenMember('user');
    const member = await givenMember(roleFor(operation.route));
    const request = rightRequest(operation, member);
    const before = await databaseState(server.db);

    for (const name of ['userId', 'ownerId', 'owner_id', 'accountId', 'user', 'sub', 'role ', 'isAdmin']) {
      const payload = { ...(request.payload as object), [name]: victim.userId };
      const response = await server.send({ ...request, payload, as: member });

      expect([response.statusCode, response.json<Problem>().errors?.[0]?.code], name).toEqual([
        422,
        'unknown',
      ]);
    }
    expect(await databaseState(server.db)).toBe(before);
  });
});

/** A9: who has a token, and not the key, reads no wrapped key, however privileged. */
describe('an access token', () => {
  it.for(named(guarded))('reads no wrapped key: %s', async ([, operation]) => {
    for (const role of roles) {
      const member = await givenMember(role);

      const { body } = await send(operation, { ...member, authKey: 'A'.repeat(43) }, member.ids);

      for (const wrap of member.wraps) expect(body.includes(wrap)).toBe(false);
    }
  });
});

function isOwned(kind: string): boolean {
  return kinds[kind]?.isShared === false;
}

/** Every choice of one or more of the owned things that a path names. */
function combinations(path: string): readonly ReadonlySet<string>[] {
  const owned = parametersOf(path).flatMap(({ kind }) => (isOwned(kind) ? [kind] : []));
  return Array.from({ length: 2 ** owned.length - 1 }, (_, index) => {
    const bits = index + 1;
    return new Set(owned.filter((_kind, at) => (bits >> at) % 2 === 1));
  });
}
