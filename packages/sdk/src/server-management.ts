/** @file What administrators can ask of the whole server, and what its audit log tells, as types. */
import type { ServerSettings, SettingsChange, Stats } from '@zkvault/contract';
import type { CallOptions } from './options.ts';
import type { Page } from './pages.ts';

export type { ServerSettings, SettingsChange, Stats };

/** One thing that happened, in the server's words: they can be shown, and nothing may rest on them. */
export interface SecurityEvent {
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly occurredAt: string;
  /** Such as `login`; a newer server may know more. */
  readonly action: string;
  readonly outcome: 'success' | 'failure';
  /** The account that did it; null if nobody's, or unknown. */
  readonly actorId: string | null;
  /** The account it was done to. */
  readonly subjectId: string | null;
  /** IPv4 /24 or IPv6 /48. Null of what somebody else did. */
  readonly addressPrefix: string | null;
  readonly sessionId: string | null;
  /** Counts and short codes. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Which page of events. */
export interface EventsQuery {
  /** 1 to 200; 50 by default. */
  readonly limit?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Which events of the whole server. */
export interface AuditQuery extends EventsQuery {
  readonly action?: string;
  readonly actorId?: string;
  readonly subjectId?: string;
  /** RFC 3339, UTC; inclusive. */
  readonly from?: string;
  /** RFC 3339, UTC; exclusive. */
  readonly to?: string;
}

/**
 * The server itself, for its administrators. Every call may throw LockedError, AuthError
 * (`insufficient-permission`), ProtocolError, RateLimitError and TransportError.
 */
export interface ServerAdministration {
  /** How much there is of everything. */
  stats(options?: CallOptions): Promise<Stats>;
  /** The settings as they hold now. */
  settings(options?: CallOptions): Promise<ServerSettings>;
  /**
   * Makes settings for every server of this database, which hold within a second; what is left out stays,
   * null goes back to the environment of the server.
   *
   * @throws {ProtocolError} `request-invalid`: a value is out of its bounds.
   */
  changeSettings(change: SettingsChange, options?: CallOptions): Promise<ServerSettings>;
  /** One page of the audit log, newest first. @throws {ProtocolError} `request-invalid`. */
  auditEvents(query?: AuditQuery, options?: CallOptions): Promise<Page<SecurityEvent>>;
}
