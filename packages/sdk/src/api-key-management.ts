/** @file The API keys of an account as an app calls them, as types. */
import type { CallOptions } from './options.ts';

/** What a key may do. */
export type ApiKeyScope = 'entries:read' | 'entries:write';

/** A key that is wished for. */
export interface NewApiKey {
  /** The account's; asked for again because a key is a way in. */
  readonly password: string;
  /** 1 to 100 characters, for the list. The server reads it. */
  readonly name: string;
  /** At least one, each once. */
  readonly scopes: readonly ApiKeyScope[];
  /** The one vault it is for; all that the account has now if left out. */
  readonly vaultId?: string;
  /** RFC 3339, UTC, with milliseconds; never if left out. */
  readonly expiresAt?: string;
  /** Requests a minute, 1 to 1,000,000; it cannot raise the server's own limit. */
  readonly rateLimit?: number;
}

/** A key as the server lists it. Nothing of it is secret, and nothing of it is believed. */
export interface ApiKeySummary {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  /** Null for all vaults. */
  readonly vaultId: string | null;
  readonly rateLimit: number | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** At most a minute behind. */
  readonly lastUsedAt: string | null;
  /** The key that took its place; then it works until `expiresAt`. */
  readonly replacedBy: string | null;
}

/** A key that was just made. */
export interface MadeApiKey {
  readonly apiKey: ApiKeySummary;
  /** `zkv_…`, 128 characters; given this once. Whoever has it can do what the key may. */
  readonly token: string;
}

/** What a rotation is told. */
export interface ApiKeyRotation {
  readonly password: string;
  /** The key to replace. */
  readonly id: string;
  /** How long the old key goes on working, 0 to 604,800; a day if left out. */
  readonly overlapSeconds?: number;
  /** Of the new key; never if left out. */
  readonly expiresAt?: string;
}

/**
 * The API keys of the unlocked account. `create` and `rotate` prove the password again and may throw
 * UnlockError (it is wrong; nothing was sent) and AuthError `current-key-wrong`. Every call may throw
 * LockedError, AuthError, RateLimitError and TransportError.
 */
export interface ApiKeyManagement {
  /**
   * Makes a key. Its key half is made here and never sent.
   *
   * @throws {RangeError} the wish has not the form. @throws {NotFoundError} `vault-not-found`.
   * @throws {ConflictError} `too-many-api-keys`; `conflict`: a vault got another key meanwhile, log in again.
   */
  create(wish: NewApiKey, options?: CallOptions): Promise<MadeApiKey>;
  /** All keys, oldest first. */
  list(options?: CallOptions): Promise<readonly ApiKeySummary[]>;
  /** Ends a key, at once. @throws {NotFoundError} `api-key-not-found`. */
  revoke(id: string, options?: CallOptions): Promise<void>;
  /**
   * Makes a key that takes the place of another. What it is for is what the server says of the old one: look
   * at the answer.
   *
   * @throws {NotFoundError} `api-key-not-found`. @throws {ConflictError} it has expired, or was replaced before.
   */
  rotate(rotation: ApiKeyRotation, options?: CallOptions): Promise<MadeApiKey>;
}
