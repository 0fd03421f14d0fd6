/** @file Where the account is logged in, as types. */
import type { CallOptions } from './options.ts';

/** A place where the account is logged in, in the server's words: they can be shown, and nothing may rest on them. */
export interface LoggedInDevice {
  /** The session's. */
  readonly id: string;
  readonly device: { readonly id: string; readonly name: string };
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  /** RFC 3339, UTC. */
  readonly lastUsedAt: string;
  /** IPv4 /24 or IPv6 /48 of the last use. */
  readonly addressPrefix: string;
  /** True of the one that asks. */
  readonly current: boolean;
}

/**
 * The sessions of the unlocked account. Ending one takes its access away at the server; what its device has
 * read, and the keys it holds, it keeps. Every call may throw LockedError, AuthError (log in, or
 * `insufficient-permission`), ProtocolError, RateLimitError and TransportError.
 */
export interface SessionManagement {
  /** All of them, newest use first. */
  list(options?: CallOptions): Promise<readonly LoggedInDevice[]>;

  /** Ends one, at once. @throws {NotFoundError} `session-not-found`: it has ended already. */
  end(id: string, options?: CallOptions): Promise<void>;

  /**
   * Ends all of them, this one too, and wipes what `logout` wipes.
   *
   * @throws {TransportError} they may be open still; nothing was wiped.
   */
  endAll(options?: CallOptions): Promise<void>;
}
