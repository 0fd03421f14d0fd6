/** @file What administrators ask of the whole server: counts, and settings that outlive a restart. */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { Counter } from './scalars.ts';

/** How much there is of everything. Nothing here tells one account from another. */
export const Stats = Type.Object(
  {
    users: Type.Object({
      total: Counter,
      active: Counter,
      byRole: Type.Object({ admin: Counter, moderator: Counter, user: Counter, viewer: Counter }),
    }),
    sessions: Type.Object({ live: Counter }),
    vaults: Type.Object({ total: Counter }),
    entries: Type.Object({ total: Counter }),
    invitations: Type.Object({ open: Counter }),
  },
  { title: 'Stats' },
);
export type Stats = Static<typeof Stats>;

/** Counts. */
export const getStats = defineRoute({
  operationId: 'getStats',
  method: 'GET',
  path: '/api/v1/admin/stats',
  tag: 'administration',
  summary: 'Count accounts, sessions, vaults and entries',
  auth: 'session',
  permission: 'admin:read',
  success: { status: 200, body: Stats },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Who may register. */
export const RegistrationMode = Type.Union([Type.Literal('open'), Type.Literal('invitation')]);
export type RegistrationMode = Static<typeof RegistrationMode>;

/** The settings that are kept in the database, as they hold now. */
export const ServerSettings = Type.Object({ registration: RegistrationMode }, { title: 'ServerSettings' });
export type ServerSettings = Static<typeof ServerSettings>;

/** Reads the settings. */
export const getServerSettings = defineRoute({
  operationId: 'getServerSettings',
  method: 'GET',
  path: '/api/v1/admin/config',
  tag: 'administration',
  summary: "Read the server's settings",
  auth: 'session',
  permission: 'system:manage',
  success: { status: 200, body: ServerSettings },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Changes the settings. */
export const updateServerSettings = defineRoute({
  operationId: 'updateServerSettings',
  method: 'POST',
  path: '/api/v1/admin/config',
  tag: 'administration',
  summary: "Change the server's settings",
  description: "What is set here goes before the server's environment, from the next request on.",
  auth: 'session',
  permission: 'system:manage',
  body: Type.Object({ registration: RegistrationMode }, { additionalProperties: false }),
  success: { status: 200, body: ServerSettings },
  refusals: ['invalid-token', 'insufficient-permission'],
});
