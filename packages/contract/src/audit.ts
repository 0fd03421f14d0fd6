/** @file The audit log: what was done, by whom and from where. It never says what was written, nor any secret. */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { Instant, Nullable, Uuid } from './scalars.ts';

/** Bounds of one page of audit events. */
export const AUDIT_PAGE_LIMITS = { min: 1, max: 200, default: 50 } as const;

/** What can be recorded. A newer server may know more. */
export const AUDIT_ACTIONS = [
  'register',
  'profile-changed',
  'account-deleted',
  'user-changed',
  'user-deleted',
  'administrator-granted',
  'invited',
  'invitation-revoked',
  'settings-changed',
  'login',
  'lockout',
  'logout',
  'logout-all',
  'session-revoked',
  'rekey',
  'key-proof',
  'key-material',
  'keys-rotated',
  'recovery-enrolled',
  'recovery-removed',
  'recover',
  'recovered',
  'refresh-reuse',
  'second-factor-setup',
  'second-factor-verify',
  'second-factor-recovery-codes',
  'second-factor-disable',
  'vault-created',
  'vault-replaced',
  'vault-deleted',
  'commit',
  'api-key-created',
  'api-key-rotated',
  'api-key-revoked',
] as const;

/** One thing that can be recorded. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What is told beside the fields of an event: counts, short codes and pseudonyms, never what was sent. */
export const AuditDetails = Type.Object(
  {
    reason: Type.Optional(Type.String()),
    login: Type.Optional(Type.String({ description: 'Stands for a login that is nobody’s.' })),
    puts: Type.Optional(Type.Integer()),
    deletions: Type.Optional(Type.Integer()),
    seq: Type.Optional(Type.Integer()),
    role: Type.Optional(Type.String()),
    active: Type.Optional(Type.Boolean()),
    registration: Type.Optional(Type.String()),
    passwordAdvice: Type.Optional(
      Type.String({ description: 'Length, score and classes of the advice, or default.' }),
    ),
    lockout: Type.Optional(Type.String({ description: 'Failures and minutes, or default.' })),
    limitDefault: Type.Optional(Type.String({ description: 'Such as 5-minute, off or default.' })),
    limitSession: Type.Optional(Type.String()),
    limitLogin: Type.Optional(Type.String()),
    limitRegister: Type.Optional(Type.String()),
    limitRefresh: Type.Optional(Type.String()),
    apiKey: Type.Optional(Type.String({ description: 'The API key that did it: its id without dashes.' })),
    ended: Type.Optional(Type.Integer({ description: 'How many sessions ended.' })),
  },
  { title: 'AuditDetails' },
);
export type AuditDetails = Static<typeof AuditDetails>;

/** One thing that happened to an account. */
export const AuditEvent = Type.Object(
  {
    id: Type.String({ description: 'Names the event for as long as the log lives.' }),
    occurredAt: Instant,
    action: Type.String(),
    outcome: Type.Union([Type.Literal('success'), Type.Literal('failure')]),
    actorId: Nullable(Uuid),
    subjectId: Nullable(Uuid),
    resource: Nullable(Type.Object({ type: Type.String(), id: Uuid })),
    addressPrefix: Nullable(Type.String({ description: 'IPv4 /24 or IPv6 /48.' })),
    sessionId: Nullable(Uuid),
    requestId: Nullable(Type.String()),
    details: AuditDetails,
  },
  { title: 'AuditEvent' },
);
export type AuditEvent = Static<typeof AuditEvent>;

const AuditPage = Type.Object(
  { items: Type.Array(AuditEvent), nextCursor: Nullable(Type.String()) },
  { title: 'AuditPage' },
);

const pageFields = {
  limit: Type.Optional(Type.Integer({ minimum: AUDIT_PAGE_LIMITS.min, maximum: AUDIT_PAGE_LIMITS.max })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' })),
};

/** Lists what happened to the caller's own account. */
export const listSecurityEvents = defineRoute({
  operationId: 'listSecurityEvents',
  method: 'GET',
  path: '/api/v1/users/me/security-events',
  tag: 'audit',
  summary: "List the account's security events",
  description: 'Newest first. Of what somebody else did to the account, address and session are null.',
  auth: 'session',
  permission: 'self:read',
  query: Type.Object(pageFields, { additionalProperties: false }),
  success: { status: 200, body: AuditPage },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Lists everybody's events, for administrators. */
export const listAuditEvents = defineRoute({
  operationId: 'listAuditEvents',
  method: 'GET',
  path: '/api/v1/admin/audit',
  tag: 'audit',
  summary: 'List audit events',
  description: 'Newest first. `from` is inclusive, `to` is not.',
  auth: 'session',
  permission: 'admin:read',
  query: Type.Object(
    {
      ...pageFields,
      action: Type.Optional(Type.Union(AUDIT_ACTIONS.map((action) => Type.Literal(action)))),
      actorId: Type.Optional(Uuid),
      subjectId: Type.Optional(Uuid),
      from: Type.Optional(Instant),
      to: Type.Optional(Instant),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: AuditPage },
  refusals: ['invalid-token', 'insufficient-permission'],
});
