/**
 * @file What changes in the database, whichever instance changes it, as signals for this process.
 * [Note: Changes] They are told when they are committed, within milliseconds: ended sessions and changed
 * accounts by the database, written vaults by the instance that wrote, after its commit. Nothing rests on them
 * alone: a connection may be lost, and then some are, and an instance may end before it has told of a vault.
 * Whoever remembers anything on their strength must read anew at `onResync`, must not rely on what it remembers
 * while the feed is not live, and looks at vaults now and then without being told.
 */
import type { ChangeSource } from './change-source.ts';

/** Who wants to know. What is told as one change may have been several. None of these may throw. */
export interface ChangeSubscriber {
  /** A vault was made or written to. @param change.revision the one it has now, or a later one. */
  onVaultChanged?(change: {
    readonly ownerId: string;
    readonly vaultId: string;
    readonly revision: number;
  }): void;
  /** A session was revoked; no token of it is good any more. */
  onSessionEnded?(change: { readonly userId: string; readonly sessionId: string }): void;
  /** An account has another role or activity, or is gone. */
  onUserChanged?(change: { readonly userId: string }): void;
  /** Changes were missed: forget what was remembered, or read it again. */
  onResync(): void;
}

/** The changes of the database. */
export interface ChangeFeed {
  /** @returns ends the subscription. */
  subscribe(subscriber: ChangeSubscriber): () => void;
  /** True while changes arrive. */
  isLive(): boolean;
  /** Stops listening. */
  close(): Promise<void>;
}

/** A feed that has to be begun. */
export interface StartableChangeFeed extends ChangeFeed {
  /** Begins to listen: whoever has subscribed by then hears `onResync`. Once only. */
  start(): Promise<void>;
}

/**
 * Makes a feed.
 *
 * @param onLost called with the driver's error when changes stop arriving.
 */
export function makeChangeFeed(source: ChangeSource, onLost: (error: Error) => void): StartableChangeFeed {
  const subscribers = new Set<ChangeSubscriber>();
  let isLive = false;
  let stop: (() => Promise<void>) | undefined;
  return {
    async start() {
      stop = await source.listen({
        onPayload(payload) {
          const tell = readChange(payload);
          if (tell !== undefined) for (const subscriber of subscribers) tell(subscriber);
        },
        onListening() {
          isLive = true;
          for (const subscriber of subscribers) subscriber.onResync();
        },
        onLost(error) {
          // Each attempt that fails comes here too; it is told once.
          if (isLive) onLost(error);
          isLive = false;
        },
      });
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    isLive: () => isLive,
    async close() {
      isLive = false;
      subscribers.clear();
      await stop?.();
    },
  };
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const VAULT = new RegExp(`^vault (${UUID}) (${UUID}) (\\d{1,15})$`);
const SESSION = new RegExp(`^session (${UUID}) (${UUID})$`);
const USER = new RegExp(`^user (${UUID})$`);

/** Undefined for what only another version of the server understands. */
function readChange(payload: string): ((subscriber: ChangeSubscriber) => void) | undefined {
  const [, ownerId, vaultId, revision] = VAULT.exec(payload) ?? [];
  if (ownerId !== undefined && vaultId !== undefined)
    return (subscriber) => subscriber.onVaultChanged?.({ ownerId, vaultId, revision: Number(revision) });
  const [, userId, sessionId] = SESSION.exec(payload) ?? [];
  if (userId !== undefined && sessionId !== undefined)
    return (subscriber) => subscriber.onSessionEnded?.({ userId, sessionId });
  const [, changedId] = USER.exec(payload) ?? [];
  if (changedId !== undefined) return (subscriber) => subscriber.onUserChanged?.({ userId: changedId });
  return undefined;
}

/** A feed on which nothing ever comes, for an app without a database that tells. */
export const silentChangeFeed: ChangeFeed = {
  subscribe: () => () => {},
  isLive: () => false,
  close: async () => {},
};
