/**
 * @file What a command and the agent say to each other: one line of JSON each way, then the connection ends.
 * The agent knows no vault and no server; it only remembers one key for a while.
 */

/** What a command may ask. */
export interface AgentRequest {
  /** `peek` gives the key as `key` does, but does not count as a use of it. */
  readonly op: 'key' | 'peek' | 'status' | 'end';
}

/** What the agent says. `key` is base64. */
export type AgentAnswer =
  | { readonly key: string; readonly endsInMs: number }
  | { readonly endsInMs: number }
  | { readonly ended: true };

/** How long the agent keeps the key without being asked for it, unless told otherwise. */
export const DEFAULT_TIMEOUT_MS: number = 15 * 60 * 1000;

/** The longest line either side takes, in characters. */
export const MAX_LINE_LENGTH = 4096;
