/** @file Invitations: made by administrators, used by one registration, listed and taken back until then. */
import { type Static, Type } from '@sinclair/typebox';
import { IdempotencyHeaders, idempotencyRefusals } from './idempotency.ts';
import { Page, PageQuery } from './paging.ts';
import { defineRoute } from './route.ts';
import { Base64UrlOf, Instant, Uuid } from './scalars.ts';
import { Role } from './users.ts';

/** How long an invitation may be good for, in hours. */
export const INVITATION_HOURS = { min: 1, max: 720, default: 168 } as const;

/** The token of an invitation, 32 bytes. */
export const InvitationToken = Base64UrlOf(32);

/** An invitation as it is given out, once. */
export const Invitation = Type.Object(
  { id: Uuid, token: InvitationToken, role: Role, expiresAt: Instant },
  { title: 'Invitation' },
);
export type Invitation = Static<typeof Invitation>;

/** Invites somebody: accounts are made by their owners, because only they may know the password. */
export const createInvitation = defineRoute({
  operationId: 'createInvitation',
  method: 'POST',
  path: '/api/v1/users',
  tag: 'users',
  summary: 'Invite somebody to register',
  description:
    "The token is given here and never again; one registration may use it. It is void when it expires, or when its author is no longer there, active, allowed to invite, or of the invitation's role or above. The role is user if left out and never above the author's.",
  auth: 'session',
  permission: 'admin:write',
  headers: IdempotencyHeaders,
  body: Type.Object(
    {
      role: Type.Optional(Role),
      expiresInHours: Type.Optional(
        Type.Integer({ minimum: INVITATION_HOURS.min, maximum: INVITATION_HOURS.max }),
      ),
    },
    { additionalProperties: false },
  ),
  success: { status: 201, body: Invitation },
  refusals: ['invalid-token', 'insufficient-permission', ...idempotencyRefusals],
});

/** An invitation that nobody has used yet; its token is not told again. */
export const OpenInvitation = Type.Object(
  { id: Uuid, role: Role, createdBy: Uuid, createdAt: Instant, expiresAt: Instant },
  { title: 'OpenInvitation' },
);
export type OpenInvitation = Static<typeof OpenInvitation>;

/** Lists the invitations that may still be used. */
export const listInvitations = defineRoute({
  operationId: 'listInvitations',
  method: 'GET',
  path: '/api/v1/invitations',
  tag: 'users',
  summary: 'List open invitations',
  description: 'Newest first, of every administrator. The tokens are not among them.',
  auth: 'session',
  permission: 'admin:read',
  query: PageQuery,
  success: { status: 200, body: Page(OpenInvitation) },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Takes an invitation back. */
export const revokeInvitation = defineRoute({
  operationId: 'revokeInvitation',
  method: 'DELETE',
  path: '/api/v1/invitations/:id',
  tag: 'users',
  summary: 'Take an invitation back',
  auth: 'session',
  permission: 'admin:write',
  params: Type.Object({ id: Uuid }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'invitation-not-found'],
});
