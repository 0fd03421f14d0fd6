/** @file What rate limits count with: one tally per rule and caller, over a window of fixed length. */

/** So many in so long. */
export interface RateLimit {
  /** From 1. */
  readonly limit: number;
  readonly windowSeconds: number;
}

/** A limit and its name, under which it is counted and told. */
export interface RateRule extends RateLimit {
  readonly name: string;
}

/** What has been counted in the present window. */
export interface Tally {
  /** This one included. */
  readonly count: number;
  /** How long until the window ends and counting begins anew. */
  readonly resetInMs: number;
}

/** Counts. A window begins with the first request that is counted in it. */
export interface RateCounter {
  /** Counts one request of a caller; exact under parallel calls. */
  count(rule: RateRule, caller: string): Promise<Tally>;
  /** Lets go of what it holds. */
  close(): Promise<void>;
}
