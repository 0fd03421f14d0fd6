/** @file What an app can do with the account as the server has it, as types. */
import type { Role } from '@zkvault/contract';
import type { KdfProfileId } from '@zkvault/crypto-core';
import type { CallOptions } from './options.ts';
import type { Page } from './pages.ts';
import type { EventsQuery, SecurityEvent } from './server-management.ts';

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
 * Changes of the keys of the unlocked account. Each asks for the password, ends every other session, and goes on
 * with this one; calls of this client that are under way reject with LockedError. An unlock key that was exported
 * stays good until `rotateKeys`. Every call may throw LockedError, UnlockError (wrong password, nothing was sent),
 * AuthError (`current-key-wrong`: the password was changed elsewhere or tried too often; log in), ConflictError
 * (other devices wrote first: again), IntegrityError, ProtocolError and RateLimitError; RotationIncompleteError
 * (the server says that it is done, and it is not: nothing is lost, do it again), and TransportError: with
 * `maybeApplied` do it again in the same way, which finds out what has happened.
 */
export interface AccountKeyChanges {
  /**
   * Changes the password. The Emergency Kit stays right.
   *
   * @throws {PasswordPolicyError} what the new password lacks; `unchanged` if it is the present one.
   * @throws {KdfPolicyError} @throws {DowngradeError} the KDF profile is not allowed, or is a weaker one.
   */
  changePassword(
    change: {
      readonly currentPassword: string;
      readonly newPassword: string;
      /** The present one by default. */
      readonly profile?: KdfProfileId;
    },
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Changes the one name the account logs in with.
   *
   * @returns the Emergency Kit to print in place of the old one; null for a password-only account.
   * @throws {RangeError} the login is none, or the present one. @throws {AuthError} `registration-refused`: it is
   *   taken or reserved. @throws {ConflictError} `account-known`: this device knows another account of it.
   */
  changeLogin(
    change: { readonly password: string; readonly newLogin: string },
    options?: CallOptions,
  ): Promise<{ readonly emergencyKit: string | null }>;

  /**
   * Hashes the password with a stronger KDF profile from now on. Only a client decides that; no server can ask.
   *
   * @throws {KdfPolicyError} @throws {DowngradeError} the profile is not allowed, or is a weaker one.
   */
  raiseKdfProfile(
    change: { readonly password: string; readonly profile: KdfProfileId },
    options?: CallOptions,
  ): Promise<void>;

  /**
   * Replaces the Secret Key, or gives one to a password-only account. Other devices need it once.
   *
   * @returns both given this once.
   */
  renewSecretKey(
    proof: { readonly password: string },
    options?: CallOptions,
  ): Promise<{ readonly secretKey: string; readonly emergencyKit: string }>;

  /**
   * Replaces the account key, and wraps everything under it anew. Other devices log in again; unlock keys that
   * were exported are void.
   *
   * @param change.recoveryKey the present recovery key, to keep it. Otherwise an account that has one gets a new
   *   one: the old one cannot open what it does not see.
   * @returns the new recovery key, given this once; null if there is none, or it was kept.
   * @throws {ProtocolError} `recovery-key-invalid`.
   */
  rotateKeys(
    change: { readonly password: string; readonly recoveryKey?: string },
    options?: CallOptions,
  ): Promise<{ readonly recoveryKey: string | null }>;
}

/**
 * The account of the unlocked client. Every call may throw LockedError, AuthError (log in, or
 * `insufficient-permission`), ProtocolError, RateLimitError and TransportError.
 */
export interface AccountManagement extends AccountKeyChanges {
  /** What the server has. @throws {IntegrityError} `account-changed`: it speaks of another account. */
  get(options?: CallOptions): Promise<Account>;

  /** Changes what the account says about its owner. @throws {IntegrityError} as {@link AccountManagement.get}. */
  update(change: AccountChange, options?: CallOptions): Promise<Account>;

  /** What happened to the account, a page at a time, newest first: logins, changes of keys, writes. */
  securityEvents(query?: EventsQuery, options?: CallOptions): Promise<Page<SecurityEvent>>;

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
