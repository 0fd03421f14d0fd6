/** @file The open streams of this process: who may have one, what each is told, and when it ends. */
import {
  type EndEvent,
  EVENT_STREAM_HEARTBEAT_SECONDS,
  EVENT_STREAM_LIMITS,
  type Role,
} from '@zkvault/contract';
import type { ChangeFeed } from '../../db/change-feed.ts';
import type { Db } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { readLiveSessions } from '../sessions/liveness-service.ts';
import { listVaultHeads } from '../vaults/heads-service.ts';
import {
  type AccountStreams,
  attach,
  beat,
  cursorOf,
  drained,
  type EventSink,
  type EventStream,
  end,
  flush,
  noteRevision,
} from './stream.ts';

/** What the streams work with. */
export interface EventStreamsDeps {
  readonly db: Db;
  readonly changes: ChangeFeed;
  /** Most streams of this process at once; by default far more than it has been measured with. */
  readonly maxStreams?: number;
  /** How often the vaults are looked at, for what nobody told; by default every minute. */
  readonly resyncSeconds?: number;
}

/** Who asks for a stream. */
export interface StreamCaller {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: Role;
  /** When the access token expires, in seconds since the epoch. */
  readonly tokenExpiresAt: number;
  /** Untrusted. */
  readonly lastEventId: string | undefined;
}

/** A stream that was let in; its answer has not begun. */
export interface OpenedStream {
  /** Begins the answer. */
  attach(sink: EventSink): void;
  /** The connection takes more. */
  onDrain(): void;
  /** The connection is gone. */
  onClose(): void;
}

/** The streams of this process. */
export interface EventStreams {
  /**
   * Lets a stream in.
   *
   * @throws {ServiceError} `too-many-streams`; `overloaded`; `invalid-token` if the session has ended meanwhile.
   */
  open(caller: StreamCaller): Promise<OpenedStream>;
  /** How many are open. */
  count(): number;
  /** Ends all, for a stop, and lets no other in. */
  close(): void;
}

const MAX_STREAMS = 20_000;
/** When to try again after too many: by then a reader that is gone has been noticed. */
const RETRY_AFTER_SECONDS = 60;
const TICK_MS = 1_000;
/** An instance that ends between a commit and its telling leaves others unaware for so long. */
const RESYNC_SECONDS = 60;

/** Makes the room of streams. It is closed with the app. */
export function makeEventStreams({
  db,
  changes,
  maxStreams = MAX_STREAMS,
  resyncSeconds = RESYNC_SECONDS,
}: EventStreamsDeps): EventStreams {
  const accounts = new Map<string, AccountStreams>();
  let count = 0;
  let admitted = 0;
  let tick = 0;
  let isClosed = false;

  function admit({ userId, sessionId, role }: StreamCaller): EventStream {
    if (isClosed || count >= maxStreams) throw new ServiceError('overloaded', { retryAfterSeconds: 5 });
    const account = accounts.get(userId) ?? {
      userId,
      streams: new Set(),
      revisions: new Map(),
      cursor: undefined,
    };
    const ofSession = [...account.streams].filter((stream) => stream.sessionId === sessionId);
    if (
      account.streams.size >= EVENT_STREAM_LIMITS.perAccount ||
      ofSession.length >= EVENT_STREAM_LIMITS.perSession
    )
      throw new ServiceError('too-many-streams', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    const stream: EventStream = {
      account,
      sessionId,
      role,
      phase: (admitted += 1) % EVENT_STREAM_HEARTBEAT_SECONDS,
      expiresAtMs: Number.POSITIVE_INFINITY,
      pending: new Set(),
      sink: undefined,
      isBlocked: false,
      blockedBeats: 0,
      ended: undefined,
    };
    accounts.set(userId, account);
    account.streams.add(stream);
    count += 1;
    return stream;
  }

  function remove(stream: EventStream): void {
    const { account } = stream;
    if (!account.streams.delete(stream)) return;
    count -= 1;
    if (account.streams.size === 0) accounts.delete(account.userId);
  }

  function finish(stream: EventStream, reason: EndEvent['reason']): void {
    remove(stream);
    end(stream, reason);
  }

  function finishAll(reason: EndEvent['reason']): void {
    for (const stream of allStreams()) finish(stream, reason);
  }

  function allStreams(): readonly EventStream[] {
    return [...accounts.values()].flatMap(({ streams }) => [...streams]);
  }

  /** Reads anew what the streams are about, after changes were missed. */
  async function resync(): Promise<void> {
    const streams = allStreams();
    if (streams.length === 0) return;
    const { sessions } = await readLiveSessions(
      db,
      streams.map(({ sessionId }) => sessionId),
    );
    for (const stream of streams)
      if (sessions.get(stream.sessionId) !== stream.role) finish(stream, 'session-ended');
    for (const { ownerId, vaultId, revision } of await listVaultHeads(db, [...accounts.keys()])) {
      const account = accounts.get(ownerId);
      if (account !== undefined) tell(account, vaultId, revision);
    }
  }

  const unsubscribe = changes.subscribe({
    onVaultChanged({ ownerId, vaultId, revision }) {
      const account = accounts.get(ownerId);
      if (account !== undefined) tell(account, vaultId, revision);
    },
    onSessionEnded({ userId, sessionId }) {
      for (const stream of accounts.get(userId)?.streams ?? [])
        if (stream.sessionId === sessionId) finish(stream, 'session-ended');
    },
    onUserChanged({ userId }) {
      for (const stream of accounts.get(userId)?.streams ?? []) finish(stream, 'session-ended');
    },
    onResync() {
      // Who connects again is read anew: as good as this, only dearer.
      resync().catch(() => finishAll('shutdown'));
    },
  });

  const ticker = setInterval(() => {
    tick += 1;
    const now = performance.now();
    for (const stream of allStreams()) {
      if (now >= stream.expiresAtMs) finish(stream, 'token-expired');
      else if (tick % EVENT_STREAM_HEARTBEAT_SECONDS === stream.phase) beat(stream);
    }
    // Without the database there is nothing new either; the next time will do.
    if (tick % resyncSeconds === 0) resync().catch(() => {});
  }, TICK_MS);
  ticker.unref();

  return {
    count: () => count,
    async open(caller) {
      // In before anything is read: what changes meanwhile is told.
      const stream = admit(caller);
      try {
        await prepare(db, stream, caller);
      } catch (error) {
        remove(stream);
        throw error;
      }
      return {
        attach: (sink) => attach(stream, sink),
        onDrain: () => drained(stream),
        onClose: () => remove(stream),
      };
    },
    close() {
      isClosed = true;
      clearInterval(ticker);
      unsubscribe();
      finishAll('shutdown');
    },
  };
}

/** Tells every stream of an account of a revision that is news. */
function tell(account: AccountStreams, vaultId: string, revision: number): void {
  if (!noteRevision(account, vaultId, revision)) return;
  for (const stream of account.streams) {
    stream.pending.add(vaultId);
    flush(stream);
  }
}

/** Finds out what a new stream has to tell, and that its session has not ended since the guard looked. */
async function prepare(db: Db, stream: EventStream, caller: StreamCaller): Promise<void> {
  const { account, sessionId, role } = stream;
  const { now, sessions } = await readLiveSessions(db, [sessionId]);
  const leftMs = caller.tokenExpiresAt * 1_000 - now.getTime();
  if (sessions.get(sessionId) !== role || leftMs <= 0) throw new ServiceError('invalid-token');
  stream.expiresAtMs = performance.now() + leftMs;
  for (const { vaultId, revision } of await listVaultHeads(db, [account.userId]))
    noteRevision(account, vaultId, revision);
  if (cursorOf(account) === caller.lastEventId) stream.pending.clear();
  else for (const vaultId of account.revisions.keys()) stream.pending.add(vaultId);
}
