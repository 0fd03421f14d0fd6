/** @file Users: one's own account, the list of all, invitations, roles. */
import { Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { AuthKey, Counter, Nullable, Uuid } from './scalars.ts';
import { Email, FullName, Role, User } from './users.ts';

/** Bounds of one page of users, in either form of the list. */
export const USERS_PAGE_LIMITS = { min: 1, max: 100, default: 20 } as const;

const UserParams = Type.Object({ id: Uuid }, { additionalProperties: false });

/** The caller's own account. */
export const getOwnUser = defineRoute({
  operationId: 'getOwnUser',
  method: 'GET',
  path: '/api/v1/users/me',
  tag: 'users',
  summary: 'Read the own account',
  auth: 'session',
  permission: 'self:read',
  success: { status: 200, body: User },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Changes what the account says about its owner. */
export const updateOwnUser = defineRoute({
  operationId: 'updateOwnUser',
  method: 'PUT',
  path: '/api/v1/users/me',
  tag: 'users',
  summary: 'Change e-mail address or name of the own account',
  description: 'What is left out stays; null removes it. The login changes through /auth/rekey only.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    { email: Type.Optional(Nullable(Email)), fullName: Type.Optional(Nullable(FullName)) },
    { additionalProperties: false },
  ),
  success: { status: 200, body: User },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Deletes the caller's account with everything in it. */
export const deleteOwnUser = defineRoute({
  operationId: 'deleteOwnUser',
  method: 'DELETE',
  path: '/api/v1/users/me',
  tag: 'users',
  summary: 'Delete the own account and everything in it',
  description: 'authKey is the present one. Nothing is kept and nothing can be brought back.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object({ authKey: AuthKey }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong', 'last-administrator'],
});

/** Lists accounts, oldest first. */
export const listUsers = defineRoute({
  operationId: 'listUsers',
  method: 'GET',
  path: '/api/v1/users',
  tag: 'users',
  summary: 'List accounts',
  description:
    'Oldest first, in either of two forms, which do not mix: limit and cursor, or page and perPage. nextCursor is null after the last account; page, perPage, total and pages are there with page or perPage.',
  auth: 'session',
  permission: 'users:read',
  query: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: USERS_PAGE_LIMITS.min, maximum: USERS_PAGE_LIMITS.max })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })),
      page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
      perPage: Type.Optional(
        Type.Integer({ minimum: USERS_PAGE_LIMITS.min, maximum: USERS_PAGE_LIMITS.max }),
      ),
    },
    { additionalProperties: false },
  ),
  success: {
    status: 200,
    body: Type.Object({
      items: Type.Array(User),
      nextCursor: Nullable(Type.String()),
      page: Type.Optional(Counter),
      perPage: Type.Optional(Counter),
      total: Type.Optional(Counter),
      pages: Type.Optional(Counter),
    }),
  },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Reads one account. */
export const getUser = defineRoute({
  operationId: 'getUser',
  method: 'GET',
  path: '/api/v1/users/:id',
  tag: 'users',
  summary: 'Read an account',
  auth: 'session',
  permission: 'users:read',
  params: UserParams,
  success: { status: 200, body: User },
  refusals: ['invalid-token', 'insufficient-permission', 'user-not-found'],
});

/** Changes an account's role, or stops or starts it. */
export const updateUser = defineRoute({
  operationId: 'updateUser',
  method: 'PUT',
  path: '/api/v1/users/:id',
  tag: 'users',
  summary: "Change an account's role, or stop or start it",
  description:
    "What is left out stays. Neither the account's role nor the new one may be above the caller's. Both take effect at once: with another role the next request needs a new access token, and an account that is stopped has no session any more.",
  auth: 'session',
  permission: 'users:write',
  params: UserParams,
  body: Type.Object(
    { role: Type.Optional(Role), isActive: Type.Optional(Type.Boolean()) },
    { additionalProperties: false },
  ),
  success: { status: 200, body: User },
  refusals: ['invalid-token', 'insufficient-permission', 'user-not-found', 'last-administrator'],
});

/** Deletes somebody's account. */
export const deleteUser = defineRoute({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/api/v1/users/:id',
  tag: 'users',
  summary: 'Delete an account and everything in it',
  description: "Not one's own: that asks for the key, DELETE /users/me.",
  auth: 'session',
  permission: 'users:delete',
  params: UserParams,
  success: { status: 204 },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'own-account',
    'user-not-found',
    'last-administrator',
  ],
});
