/** @file What an app can do with the account as the server has it, as types. */
import type { Role } from '@zkvault/contract';
import type { CallOptions } from './options.ts';

/** An account, in the server's words: they can be shown, and nothing may rest on them. */
export interface Account {
  readonly id: string;
  readonly login: string;
  readonly email: string | null;
  readonly fullName: string | null;
  readonly role: Role;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

/** What is left out stays; null removes it. */
export interface AccountChange {
  readonly email?: string | null;
  readonly fullName?: string | null;
}

/**
 * The account of the unlocked client. Every call may throw LockedError, AuthError (log in, or
 * `insufficient-permission`), ProtocolError, RateLimitError and TransportError.
 */
export interface AccountManagement {
  /** What the server has. @throws {IntegrityError} `account-changed`: it speaks of another account. */
  get(options?: CallOptions): Promise<Account>;

  /** Changes what the account says about its owner. @throws {IntegrityError} as {@link AccountManagement.get}. */
  update(change: AccountChange, options?: CallOptions): Promise<Account>;

  /**
   * Deletes the account and every vault of it at the server, and all that this device has of it: session,
   * caches, pins and Secret Key. Nothing can bring it back.
   *
   * @throws {UnlockError} the password is wrong; nothing was sent.
   * @throws {AuthError} `current-key-wrong`: the password was changed elsewhere, or tried too often.
   * @throws {ConflictError} `last-administrator`: make another account an administrator first.
   * @throws {TransportError} with `maybeApplied` the account may be gone; what this device has is kept.
   */
  deleteAccount(proof: { readonly password: string }, options?: CallOptions): Promise<void>;
}
