/**
 * @file Invitations: one token, one registration, never a role above that of whoever invited.
 * The token is kept as an HMAC: a stolen database lets nobody in.
 */
import { randomBytes } from 'node:crypto';
import { INVITATION_HOURS, type Invitation, type OpenInvitation, type Role } from '@zkvault/contract';
import type { Db, Tx } from '../../db/schema.ts';
import { authenticate, type KeyRing, type Subkey } from '../../lib/key-ring.ts';
import type { SecurityEvents } from '../../lib/security-events.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Audit, Trail } from '../audit/service.ts';
import type { Idempotency } from '../idempotency/service.ts';
import { isAbove, isPermitted, lockUser } from '../users/service.ts';
import {
  deleteInvitation,
  deleteOpenInvitation,
  findInvitation,
  findOpenInvitations,
  insertInvitation,
  lockInvitation,
  removeOldInvitations,
} from './store.ts';

/** What invitations need. */
export interface InvitationsDeps {
  readonly db: Db;
  readonly keyRing: KeyRing;
  readonly events: SecurityEvents;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
}

const TOKEN_BYTES = 32;

/** An invitation as it was asked for; untrusted, of the contract's form. */
export interface InvitationWish {
  readonly role: Role | undefined;
  readonly expiresInHours: number | undefined;
}

/**
 * Makes an invitation. It is logged by {@link logInvited} once it is committed.
 *
 * @throws {ServiceError} `insufficient-permission` for a role above the author's.
 */
export async function invite(
  { keyRing, tx }: Pick<InvitationsDeps, 'keyRing'> & { readonly tx: Tx },
  author: { readonly userId: string; readonly role: Role },
  { role = 'user', expiresInHours = INVITATION_HOURS.default }: InvitationWish,
  trail: Trail,
): Promise<Invitation> {
  if (isAbove(role, author.role)) throw new ServiceError('insufficient-permission');
  const token = randomBytes(TOKEN_BYTES);
  const key = keyRing.newest('invitation');
  const invitation = {
    tokenHash: hashOf(key, token),
    keyId: key.id,
    role,
    createdBy: author.userId,
    ttlHours: expiresInHours,
  };
  const { id, expires_at } = await insertInvitation(tx, invitation);
  const subject = { userId: author.userId };
  await trail.record(tx, { action: 'invited', outcome: 'success', subject, details: { role } });
  return { id, token: token.toString('base64url'), role, expiresAt: expires_at.toISOString() };
}

/** Every invitation that may still be used, newest first. */
export async function listInvitations({ db }: InvitationsDeps): Promise<OpenInvitation[]> {
  return (await findOpenInvitations(db)).map((row) => ({
    id: row.id,
    role: row.role,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
}

/**
 * Takes an invitation back, whoever made it.
 *
 * @throws {ServiceError} `invitation-not-found` if it was used, taken back or has expired.
 */
export async function revokeInvitation(
  { db, events }: InvitationsDeps,
  actorId: string,
  id: string,
  trail: Trail,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await deleteOpenInvitation(tx, id))) throw new ServiceError('invitation-not-found');
    await trail.record(tx, {
      action: 'invitation-revoked',
      outcome: 'success',
      subject: { userId: actorId },
    });
  });
  events.administration({ action: 'revoke-invitation', actorId });
}

/** Logs an invitation that was made. */
export function logInvited(
  { events }: Pick<InvitationsDeps, 'events'>,
  author: { readonly userId: string },
  { role }: Pick<Invitation, 'role'>,
): void {
  events.administration({ action: 'invite', actorId: author.userId, role });
}

/** An invitation that is good now and that nobody else can use before the transaction ends. */
export interface ClaimedInvitation {
  readonly role: Role;
  /** Uses it up. */
  spend(): Promise<void>;
}

/**
 * Claims an invitation for a registration in this transaction.
 *
 * @param token untrusted.
 * @returns undefined if it is unknown, used, expired, or its author may no longer give that role.
 */
export async function claimInvitation(
  { keyRing }: Pick<InvitationsDeps, 'keyRing'>,
  tx: Tx,
  token: Uint8Array,
): Promise<ClaimedInvitation | undefined> {
  const hashes = keyRing.all('invitation').map((key) => hashOf(key, token));
  const invitation = await findInvitation(tx, hashes);
  if (invitation === undefined) return undefined;
  const { role, token_hash: tokenHash } = invitation;
  // The author first: a deletion of the author locks in this order too.
  const author = await lockUser(tx, invitation.created_by);
  if (author?.is_active !== true || !isPermitted(author.role, 'admin:write') || isAbove(role, author.role))
    return undefined;
  if (!(await lockInvitation(tx, tokenHash))) return undefined;
  return { role, spend: () => deleteInvitation(tx, tokenHash) };
}

/** Removes invitations that nobody can use any more. @returns how many. */
export function removeExpiredInvitations({ db }: Pick<InvitationsDeps, 'db'>): Promise<number> {
  return removeOldInvitations(db);
}

function hashOf(key: Subkey, token: Uint8Array): Uint8Array {
  return authenticate(key, 'invitation', token);
}
