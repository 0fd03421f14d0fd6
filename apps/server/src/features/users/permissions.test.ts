import { randomUUID } from 'node:crypto';
import { allRoutes, Permission, type Problem, type Role, type RouteContract } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { rolePermissions } from './permissions.ts';

const roles = ['admin', 'moderator', 'user', 'viewer'] as const satisfies readonly Role[];

/** Written out a second time, from the design: the table under test is not its own witness. */
const expected: Readonly<Record<string, readonly Role[]>> = {
  'users:read': ['admin', 'moderator'],
  'users:write': ['admin', 'moderator'],
  'users:delete': ['admin'],
  'self:read': ['admin', 'moderator', 'user', 'viewer'],
  'self:write': ['admin', 'moderator', 'user'],
  'content:read': ['admin', 'moderator', 'user', 'viewer'],
  'content:write': ['admin', 'moderator', 'user'],
  'content:delete': ['admin', 'moderator'],
  'admin:read': ['admin'],
  'admin:write': ['admin'],
  'system:manage': ['admin'],
};

let server: TestServer;
const accounts = new Map<Role, TestAccount>();
beforeAll(async () => {
  server = await startTestServer();
  for (const role of roles) accounts.set(role, await server.givenAccount(role));
});
afterAll(() => server.close());

/** Every path of every route that asks for a session, for every role. */
const cells = allRoutes
  .filter(({ auth }) => auth === 'session')
  .flatMap((route) =>
    [route.path, ...(route.aliases ?? [])].flatMap((path) =>
      roles.map((role) => [`${role}: ${route.method} ${path}`, { route, path, role }] as const),
    ),
  );

describe('the table of permissions', () => {
  it('gives every role what the design says', () => {
    const permissions = Permission.anyOf.map(({ const: permission }) => permission);

    expect(permissions).toEqual(Object.keys(expected));
    for (const permission of permissions)
      expect(roles.filter((role) => rolePermissions[role].includes(permission))).toEqual(
        expected[permission],
      );
  });
});

describe('a route', () => {
  it.for(cells)(
    'lets in whom its permission names and nobody else: %s',
    async ([, { route, path, role }]) => {
      const response = await server.send({ ...emptyRequest(route, path), as: accounts.get(role)! });

      const code = response.statusCode < 400 ? 'none' : response.json<Problem>().code;
      const isAllowed = route.permission === undefined || expected[route.permission]?.includes(role) === true;
      expect(code === 'insufficient-permission').toBe(!isAllowed);
      expect(code).not.toBe('invalid-token');
      expect(response.statusCode).toBeLessThan(500);
    },
  );

  it('refuses for lack of permission before it looks at path or body', async () => {
    const as = accounts.get('viewer')!;
    const response = await server.send({
      method: 'POST',
      url: '/api/v1/vaults/no-id/commits',
      headers: { 'content-type': 'application/json' },
      payload: '{"no json',
      as,
    });

    expect(response.statusCode).toBe(403);
  });
});

/** A request to things that are not there, with no body: what comes after the guard refuses it or reads. */
function emptyRequest(route: RouteContract, path: string) {
  return { method: route.method, url: path.replaceAll(/:\w+/g, () => randomUUID()) } as const;
}
