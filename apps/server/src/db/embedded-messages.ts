/** @file What the server and the thread of its embedded database say to each other, as structured clones. */

/** Where the thread finds its database; its `workerData`. */
export interface EmbeddedSetup {
  /** PGlite's own folder, absolute; made if it is not there. */
  readonly folder: string;
}

/** What the thread is asked to do. */
export type EmbeddedRequest =
  /** Answered once the database is open. */
  | { readonly kind: 'open' }
  /** Within the transaction, if one has begun. */
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'listen'; readonly channel: string }
  /** The thread ends after its answer. */
  | { readonly kind: 'close' };

/** A request with the number that its answer has. */
export interface Numbered {
  readonly id: number;
  readonly request: EmbeddedRequest;
}

/** What is found in a database error, or any other; an error loses its fields when it is cloned. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly routine?: string | undefined;
}

/** What the thread says. */
export type EmbeddedMessage =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string };
