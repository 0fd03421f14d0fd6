/**
 * @file One open stream: what it has still to tell, and how that is written.
 * [Note: Slow readers] A stream remembers which vaults changed, not the changes: whatever happens while its
 * reader does not read, it has one revision of each vault to tell afterwards. It writes only while the
 * connection takes it, so what is buffered for it is bounded by the connection and one batch.
 */
import { createHash } from 'node:crypto';
import type { EndEvent, Role } from '@zkvault/contract';

/** Where a stream is written. */
export interface EventSink {
  /** @returns false if nothing more should be written until it has drained. */
  write(text: string): boolean;
  end(text: string): void;
  /** Cuts the connection off. */
  destroy(): void;
}

/** The streams of one account, and what they tell. */
export interface AccountStreams {
  readonly userId: string;
  readonly streams: Set<EventStream>;
  /** The newest known revision of each vault. */
  readonly revisions: Map<string, number>;
  /** The cursor of exactly these revisions; undefined until it is asked for. */
  cursor: string | undefined;
}

/** One stream. */
export interface EventStream {
  readonly account: AccountStreams;
  readonly sessionId: string;
  readonly role: Role;
  /** In which second of every heartbeat's it is shown to be alive, so that not all are at once. */
  readonly phase: number;
  /** When its token expires, by `performance.now()`. */
  expiresAtMs: number;
  /** Vaults whose revision is still to be told. */
  readonly pending: Set<string>;
  /** Undefined until its answer has begun. */
  sink: EventSink | undefined;
  isBlocked: boolean;
  /** How many heartbeats in a row found it blocked. */
  blockedBeats: number;
  ended: EndEvent['reason'] | undefined;
}

/** When a client that was cut off shall come back, in milliseconds. */
const RETRY_MS = 2_000;
/** How many heartbeats a reader may sleep through. */
const MAX_BLOCKED_BEATS = 2;
const CURSOR_BYTES = 16;

/** Notes a revision. @returns false if a later one was known already. */
export function noteRevision(account: AccountStreams, vaultId: string, revision: number): boolean {
  const known = account.revisions.get(vaultId);
  if (known !== undefined && known >= revision) return false;
  account.revisions.set(vaultId, revision);
  account.cursor = undefined;
  return true;
}

/**
 * Names the revisions of an account's vaults: as the id of an event it says that its reader knows them all.
 * Every instance gives the same name.
 */
export function cursorOf(account: AccountStreams): string {
  if (account.cursor === undefined) {
    const lines = [...account.revisions].map(([vaultId, revision]) => `${vaultId} ${revision}\n`);
    const digest = createHash('sha256').update(lines.toSorted().join('')).digest();
    account.cursor = digest.subarray(0, CURSOR_BYTES).toString('base64url');
  }
  return account.cursor;
}

/** Begins the answer with what there is to tell. */
export function attach(stream: EventStream, sink: EventSink): void {
  stream.sink = sink;
  if (!sink.write(`retry: ${RETRY_MS}\n\n`)) stream.isBlocked = true;
  if (stream.ended === undefined) flush(stream);
  else sink.end(endText(stream.ended));
}

/** Tells what is pending, if the connection takes it. */
export function flush(stream: EventStream): void {
  const { account, pending, sink } = stream;
  if (sink === undefined || stream.isBlocked || pending.size === 0) return;
  let text = '';
  for (const vaultId of pending) {
    const data = JSON.stringify({ vaultId, revision: account.revisions.get(vaultId) ?? 0 });
    text += `event: vault\ndata: ${data}\n\n`;
  }
  pending.clear();
  // Only the last event has an id: before it, not everything is told.
  const last = text.lastIndexOf('event: vault\n');
  text = `${text.slice(0, last)}id: ${cursorOf(account)}\n${text.slice(last)}`;
  if (!sink.write(text)) stream.isBlocked = true;
}

/** The connection takes more. */
export function drained(stream: EventStream): void {
  stream.isBlocked = false;
  stream.blockedBeats = 0;
  flush(stream);
}

/** Shows that the stream is alive, and cuts a reader off that has not read for long. */
export function beat(stream: EventStream): void {
  const { sink } = stream;
  if (sink === undefined) return;
  if (!stream.isBlocked) {
    if (!sink.write(':\n\n')) stream.isBlocked = true;
    return;
  }
  stream.blockedBeats += 1;
  if (stream.blockedBeats >= MAX_BLOCKED_BEATS) sink.destroy();
}

/** Ends a stream, saying why. */
export function end(stream: EventStream, reason: EndEvent['reason']): void {
  if (stream.ended !== undefined) return;
  stream.ended = reason;
  stream.pending.clear();
  if (stream.isBlocked) stream.sink?.destroy();
  else stream.sink?.end(endText(reason));
}

function endText(reason: EndEvent['reason']): string {
  return `event: end\ndata: ${JSON.stringify({ reason } satisfies EndEvent)}\n\n`;
}
