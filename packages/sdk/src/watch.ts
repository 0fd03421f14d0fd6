/**
 * @file Keeps a client up to date: the server's stream of events says when to sync, and nothing else.
 * [Note: Hints] An event is a hint. What it names is never shown, and what it claims is never believed: a
 * hint of something new leads to a sync, which verifies; a hint that brought nothing makes the next sync
 * wait longer. A server can hold hints back, as it can freeze a vault; it cannot make a client busy.
 */
import { decode, EndEvent, parseStrictJson, streamEvents, VaultEvent } from '@zkvault/contract';
import { ProtocolError } from '@zkvault/crypto-core';
import { RateLimitError, TransportError } from './errors.ts';
import { readEvents, type ServerSentEvent } from './event-stream.ts';
import type { OpenClient } from './open-client.ts';
import { sleep } from './sleep.ts';
import type { WatchOptions } from './vault-client.ts';

/** How often what is done; all in milliseconds. */
export interface WatchPace {
  /** Shortest time between two syncs, and the longest that hints of nothing can make of it. */
  readonly betweenSyncs: { readonly shortest: number; readonly longest: number };
  /** Wait before the stream is opened again, or a sync is tried again. */
  readonly retry: { readonly first: number; readonly longest: number };
  /** A stream that lived this long was a good one: the next wait is the first one again. */
  readonly settledMs: number;
  /** Three heartbeats of the server. */
  readonly silenceMs: number;
}

const PACE: WatchPace = {
  betweenSyncs: { shortest: 1_000, longest: 60_000 },
  retry: { first: 1_000, longest: 60_000 },
  settledMs: 30_000,
  silenceMs: 45_000,
};

/** Watches until it is stopped. See `VaultClient.watch` for what it throws. */
export async function watchVaults(
  open: OpenClient,
  options: WatchOptions,
  pace: WatchPace = PACE,
): Promise<never> {
  const stopper = new AbortController();
  const signals = [open.session.signal, stopper.signal];
  const signal = AbortSignal.any(options.signal === undefined ? signals : [options.signal, ...signals]);
  const hints = makeHints(open);
  const work = [
    syncWhenHinted(open, hints, { ...options, signal }, pace),
    listenForHints(open, hints, { ...options, signal }, pace),
  ];
  try {
    return await Promise.race(work);
  } finally {
    stopper.abort();
    await Promise.allSettled(work);
  }
}

/** What the server claims is new, of vaults that there are: nothing else is kept. */
interface Hints {
  note(hint: VaultEvent): void;
  /** Waits until there is something that is not known yet. */
  take(signal: AbortSignal): Promise<void>;
  /** What was taken is to be taken again. */
  putBack(): void;
}

function makeHints({ vaults }: OpenClient): Hints {
  const claimed = new Map<string, number>();
  let isDue = true;
  let wake: (() => void) | undefined;
  const isNews = ([vaultId, revision]: readonly [string, number]): boolean => {
    const known = vaults.revisionOf(vaultId);
    return known !== undefined && revision > known;
  };
  return {
    note({ vaultId, revision }) {
      if (!isNews([vaultId, revision])) return;
      claimed.set(vaultId, revision);
      wake?.();
    },
    async take(signal) {
      for (;;) {
        // Meanwhile it may have come on another way, such as a write of this very client.
        if (isDue || [...claimed].some(isNews)) break;
        claimed.clear();
        await waitFor((resolve) => {
          wake = resolve;
        }, signal);
      }
      isDue = false;
      claimed.clear();
    },
    putBack() {
      isDue = true;
    },
  };
}

function waitFor(begin: (resolve: () => void) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    begin(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

type Bound = WatchOptions & { readonly signal: AbortSignal };

async function syncWhenHinted(
  { vaults, session }: OpenClient,
  hints: Hints,
  { onChange, ...options }: Bound,
  { betweenSyncs, retry }: WatchPace,
): Promise<never> {
  let isFirst = true;
  let failures = 0;
  let waitMs = betweenSyncs.shortest;
  for (;;) {
    await hints.take(options.signal);
    try {
      const report = await session.run(() => vaults.sync(options));
      const isNew = report.added + report.changed + report.deleted > 0;
      failures = 0;
      waitMs = isNew || isFirst ? betweenSyncs.shortest : Math.min(2 * waitMs, betweenSyncs.longest);
      if (isNew || isFirst) await onChange(report);
      isFirst = false;
      await sleep(waitMs, options.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      hints.putBack();
      failures += 1;
      await sleep(backoffMs(failures, retry, error), options.signal);
    }
  }
}

async function listenForHints(
  open: OpenClient,
  hints: Hints,
  { signal, timeoutMs }: Bound,
  { retry, settledMs, silenceMs }: WatchPace,
): Promise<never> {
  let lastEventId: string | undefined;
  let failures = 0;
  for (;;) {
    const beganMs = performance.now();
    let failure: unknown;
    try {
      const request = lastEventId === undefined ? {} : { lastEventId };
      const body = await open.calls.open(streamEvents, request, { signal, timeoutMs });
      for await (const event of readEvents(body, { signal, silenceMs })) {
        // Nothing more is asked of a server that was found lying, whoever found it.
        open.gate.assertOpen();
        if (take(event, hints) === 'ended') break;
        lastEventId = event.id ?? lastEventId;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      failure = error;
    }
    failures = performance.now() - beganMs >= settledMs ? 1 : failures + 1;
    await sleep(backoffMs(failures, retry, failure), signal);
  }
}

/** Events of other names are for newer clients. @throws {ProtocolError} `stream-malformed`. */
function take({ name, data }: ServerSentEvent, hints: Hints): 'ended' | 'goes-on' {
  if (name !== 'vault' && name !== 'end') return 'goes-on';
  try {
    const value = parseStrictJson(data);
    if (name === 'vault') {
      hints.note(decode(VaultEvent, value));
      return 'goes-on';
    }
    decode(EndEvent, value);
    return 'ended';
  } catch (error) {
    throw new ProtocolError('stream-malformed', `an event "${name}" does not fit the contract`, {
      cause: error,
    });
  }
}

/** True for what may be over in a while. */
function isPassing(error: unknown): error is TransportError | RateLimitError {
  if (error instanceof RateLimitError) return true;
  return error instanceof TransportError && error.code !== 'redirect-refused';
}

/** Doubling, with half of it by chance, so that clients do not come back all at once. */
function backoffMs(failures: number, { first, longest }: WatchPace['retry'], error: unknown): number {
  const asked = isPassing(error) ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  const doubled = first * 2 ** Math.min(failures - 1, 16);
  return Math.min(longest, Math.max(asked, doubled * (0.5 + Math.random() / 2)));
}
