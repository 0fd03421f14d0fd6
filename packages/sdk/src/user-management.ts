/** @file What administrators can do to other accounts, as types. */
import type { Role } from '@zkvault/contract';
import type { Account } from './account-management.ts';
import type { CallOptions } from './options.ts';

/** Somebody's account, in the server's words. */
export interface ManagedUser extends Account {
  readonly isActive: boolean;
}

/** An invitation, which is given once. */
export interface GivenInvitation {
  /** To take it back with; not a secret. */
  readonly id: string;
  /** For `register`; whoever has it can use it, once. */
  readonly token: string;
  readonly role: Role;
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
}

/** An invitation that nobody has used yet. Its token is not told again. */
export interface PendingInvitation {
  readonly id: string;
  readonly role: Role;
  /** The account that made it. */
  readonly createdBy: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** RFC 3339, UTC. */
  readonly expiresAt: string;
}

/**
 * Accounts of others. Every call may throw LockedError, AuthError (`insufficient-permission`), ProtocolError,
 * RateLimitError and TransportError; those with an id NotFoundError (`user-not-found`).
 */
export interface UserAdministration {
  /** All accounts, oldest first. */
  list(options?: CallOptions): Promise<readonly ManagedUser[]>;
  /** Invites somebody to register; as a user, for a week, if not told otherwise. */
  invite(
    wish?: { readonly role?: Role; readonly expiresInHours?: number },
    options?: CallOptions,
  ): Promise<GivenInvitation>;
  /** The invitations that may still be used, of every administrator, newest first. */
  invitations(options?: CallOptions): Promise<readonly PendingInvitation[]>;
  /** Takes an invitation back. @throws {NotFoundError} `invitation-not-found`: used, taken back or expired. */
  revokeInvitation(id: string, options?: CallOptions): Promise<void>;
  /** Gives a role, at once. @throws {ConflictError} `last-administrator`. */
  setRole(id: string, role: Role, options?: CallOptions): Promise<ManagedUser>;
  /** Stops an account and ends its sessions, or starts it again. @throws {ConflictError} `last-administrator`. */
  setActive(id: string, isActive: boolean, options?: CallOptions): Promise<ManagedUser>;
  /** Deletes an account with every entry in it. Nobody can bring it back. */
  delete(id: string, options?: CallOptions): Promise<void>;
}
