/**
 * @file Listens to what the triggers of the database and other instances tell, and tells them of vaults: on
 * PostgreSQL by one connection of its own, which comes back by itself; on PGlite there is nobody else.
 */
import pg from 'pg';
import type { EmbeddedDatabase } from './embedded-database.ts';
import type { TellVaultChanges, VaultChange } from './transact.ts';

/** The channel on which triggers and servers speak. */
const CHANNEL = 'zkvault_changes';

/** Who is told. None of these functions may throw. */
export interface ChangeListener {
  /** One notification. @param payload of this server's own triggers, or of another version's. */
  onPayload(payload: string): void;
  /** Notifications arrive from now on; whatever was told before is lost. */
  onListening(): void;
  /** Notifications do not arrive any more; the source tries to get back. */
  onLost(error: Error): void;
}

/** Where notifications come from. */
export interface ChangeSource {
  /**
   * Tells every instance, this one too, of vaults that were written to. What it cannot tell now, because the
   * connection is lost, it tells once it is back; what it cannot tell before the process ends is lost.
   */
  readonly tell: TellVaultChanges;
  /**
   * Listens until it is stopped. Resolves once it listens, or has failed to for the first time.
   *
   * @returns stops listening.
   */
  listen(listener: ChangeListener): Promise<() => Promise<void>>;
}

/** How a listening connection is kept. */
export interface SourceTiming {
  /** Longest wait for a connection, and for the answer to a heartbeat. */
  readonly patienceMs: number;
  /** How often the connection is asked whether it is still there: a network may drop one without a word. */
  readonly heartbeatMs: number;
  readonly backoffMs: { readonly first: number; readonly longest: number };
}

const TIMING: SourceTiming = {
  patienceMs: 3_000,
  heartbeatMs: 5_000,
  backoffMs: { first: 100, longest: 5_000 },
};

/** Listens on PostgreSQL. The URL must lead to the database itself: a pooler in between may not pass it on. */
export function postgresChangeSource(url: string, timing: SourceTiming = TIMING): ChangeSource {
  let present: ListeningClient | undefined;
  const teller = makeTeller(() => present);
  return {
    tell: teller.tell,
    async listen(listener) {
      let failures = 0;
      let isStopped = false;
      let timer: NodeJS.Timeout | undefined;

      async function attempt(): Promise<void> {
        let lost: Error | undefined;
        try {
          const client = await openClient(url, timing, {
            onPayload: (payload) => listener.onPayload(payload),
            onLost(error) {
              lost = error;
              if (present !== undefined) retry(error);
            },
          });
          if (isStopped) return client.close();
          // It may be gone again before anybody knew it.
          if (lost !== undefined) return retry(lost);
          present = client;
          failures = 0;
          listener.onListening();
          teller.begin();
        } catch (error) {
          retry(error as Error);
        }
      }

      function retry(error: Error): void {
        present?.close();
        present = undefined;
        if (isStopped) return;
        listener.onLost(error);
        const { first, longest } = timing.backoffMs;
        const waitMs = Math.min(longest, first * 2 ** Math.min(failures, 16)) * (0.5 + Math.random() / 2);
        failures += 1;
        timer = setTimeout(() => void attempt(), waitMs);
        timer.unref();
      }

      await attempt();
      return async () => {
        isStopped = true;
        clearTimeout(timer);
        await teller.end();
        present?.close();
      };
    },
  };
}

const SAY = 'select pg_notify($1, payload) from unnest($2::text[]) as payload';

interface ListeningClient {
  /** Speaks on the channel. @throws {Error} if it may not have been heard. */
  say(payloads: readonly string[]): Promise<void>;
  close(): void;
}

interface Teller {
  readonly tell: TellVaultChanges;
  /** There is a connection. */
  begin(): void;
  /** Resolves when everything that can be told is. Nothing is told any more. */
  end(): Promise<void>;
}

/** Tells of everything that has changed since it last spoke in one statement; of each vault the last change. */
function makeTeller(client: () => ListeningClient | undefined): Teller {
  const untold = new Map<string, VaultChange>();
  let isEnded = false;
  let speaking: Promise<void> | undefined;

  async function speak(): Promise<void> {
    // The changes of one turn of the event loop go together.
    await new Promise(setImmediate);
    for (let present = client(); present !== undefined && untold.size > 0; present = client()) {
      const changes = [...untold.values()];
      untold.clear();
      try {
        await present.say(changes.map(payloadOf));
      } catch {
        keep(changes);
        break;
      }
    }
    speaking = undefined;
  }

  function keep(changes: readonly VaultChange[]): void {
    for (const change of changes)
      if ((untold.get(change.vaultId)?.revision ?? -1) < change.revision) untold.set(change.vaultId, change);
  }

  function begin(): void {
    if (!isEnded && untold.size > 0 && client() !== undefined) speaking ??= speak();
  }

  return {
    tell(changes) {
      keep(changes);
      begin();
    },
    begin,
    async end() {
      isEnded = true;
      await speaking;
    },
  };
}

/** As `db/change-feed.ts` reads it. */
function payloadOf({ ownerId, vaultId, revision }: VaultChange): string {
  return `vault ${ownerId} ${vaultId} ${revision}`;
}

/** @throws {Error} it cannot listen. */
async function openClient(
  url: string,
  timing: SourceTiming,
  listener: Pick<ChangeListener, 'onPayload'> & { onLost(error: Error): void },
): Promise<ListeningClient> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'zkvault changes',
    connectionTimeoutMillis: timing.patienceMs,
    query_timeout: timing.patienceMs,
    keepAlive: true,
    // Nothing is kept that could be lost, and who notifies holds up others until its commit is on the disk.
    options: '-c synchronous_commit=off',
  });
  let isOver = false;
  let heartbeat: NodeJS.Timeout | undefined;
  const end = (): void => {
    isOver = true;
    clearInterval(heartbeat);
    // With a question open, as after a heartbeat without an answer, this cuts the socket off.
    client.end().catch(() => {});
  };
  const lose = (error: Error): void => {
    if (isOver) return;
    end();
    listener.onLost(error);
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the listening connection has ended')));
  client.on('notification', ({ payload = '' }) => listener.onPayload(payload));
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
  } catch (error) {
    end();
    throw error;
  }
  heartbeat = setInterval(() => void client.query('select 1').catch(lose), timing.heartbeatMs);
  heartbeat.unref();
  return {
    async say(payloads) {
      await client.query(SAY, [CHANNEL, payloads]);
    },
    close: end,
  };
}

/** Listens on an embedded database, whose only process this is: nothing is ever missed. */
export function pgliteChangeSource(pglite: EmbeddedDatabase): ChangeSource {
  let present: ChangeListener | undefined;
  return {
    tell(changes) {
      for (const change of changes) present?.onPayload(payloadOf(change));
    },
    async listen(listener) {
      present = listener;
      const stop = await pglite.listen(CHANNEL, (payload) => listener.onPayload(payload));
      listener.onListening();
      return async () => {
        present = undefined;
        if (!pglite.closed) await stop();
      };
    },
  };
}
