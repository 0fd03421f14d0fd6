/** @file Where a change comes from, as the audit log keeps it. */

/** A request, or a command of the operator. */
export interface RequestOrigin {
  /** The account whose session or API key asks; null before a login, and for the operator. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** The API key that asks in the place of a session. */
  readonly apiKeyId?: string;
  /** The caller's network; null for the operator. */
  readonly addressPrefix: string | null;
  /** Lower case; null for the operator. */
  readonly requestId: string | null;
}

/** The operator at the server's own command line. */
export const OPERATOR: RequestOrigin = {
  userId: null,
  sessionId: null,
  addressPrefix: null,
  requestId: null,
};
