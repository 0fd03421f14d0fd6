/** @file What administrators ask of the whole server: counts, and settings that outlive a restart. */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { Counter, Nullable } from './scalars.ts';

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

/** A rate limit in the words of the server's environment: so many requests in a second, a minute or an hour, or none. */
export const RateLimitText = Type.String({
  maxLength: 14,
  pattern: '^(?:off|(?:[1-9]\\d{0,5}|1000000)/(?:second|minute|hour))$',
  description: 'Such as 5/minute (1 to 1,000,000; second, minute or hour), or off.',
});

const rateLimits = {
  default: RateLimitText,
  session: RateLimitText,
  login: RateLimitText,
  register: RateLimitText,
  refresh: RateLimitText,
};

/** Limits by what is counted: `session` per session, all others per address. */
export const RateLimitSettings = Type.Object(rateLimits, { title: 'RateLimitSettings' });
export type RateLimitSettings = Static<typeof RateLimitSettings>;

/** Advice for new passwords; the server never sees one. */
export const PasswordAdvice = Type.Object(
  {
    minLength: Type.Integer({ minimum: 12, maximum: 1024 }),
    minScore: Type.Integer({ minimum: 0, maximum: 4 }),
    requireClasses: Type.Boolean({ description: 'Upper, lower, digit and symbol are all needed.' }),
  },
  { additionalProperties: false, title: 'PasswordAdvice' },
);
export type PasswordAdvice = Static<typeof PasswordAdvice>;

/** When a login rests after failed attempts. */
export const LockoutSettings = Type.Object(
  {
    maxFailedLogins: Type.Integer({ minimum: 1, maximum: 100 }),
    minutes: Type.Integer({ minimum: 1, maximum: 1_440 }),
  },
  { additionalProperties: false, title: 'LockoutSettings' },
);
export type LockoutSettings = Static<typeof LockoutSettings>;

/** The settings as they hold now, wherever they come from. */
export const ServerSettings = Type.Object(
  {
    registration: RegistrationMode,
    password: PasswordAdvice,
    lockout: LockoutSettings,
    rateLimits: RateLimitSettings,
  },
  { title: 'ServerSettings' },
);
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

const SettingsChange = Type.Object(
  {
    registration: Type.Optional(Nullable(RegistrationMode)),
    password: Type.Optional(Nullable(PasswordAdvice)),
    lockout: Type.Optional(Nullable(LockoutSettings)),
    rateLimits: Type.Optional(
      Type.Partial(
        Type.Object({
          default: Nullable(RateLimitText),
          session: Nullable(RateLimitText),
          login: Nullable(RateLimitText),
          register: Nullable(RateLimitText),
          refresh: Nullable(RateLimitText),
        }),
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, title: 'SettingsChange' },
);
/** What shall be different; what is absent stays. */
export type SettingsChange = Static<typeof SettingsChange>;

/** Changes the settings. */
export const updateServerSettings = defineRoute({
  operationId: 'updateServerSettings',
  method: 'POST',
  path: '/api/v1/admin/config',
  tag: 'administration',
  summary: "Change the server's settings",
  description:
    "What is set here goes before the server's environment: at once on the server that was asked, within a second on others of the same database. What is left out stays; null goes back to the environment.",
  auth: 'session',
  permission: 'system:manage',
  body: SettingsChange,
  success: { status: 200, body: ServerSettings },
  refusals: ['invalid-token', 'insufficient-permission'],
});
