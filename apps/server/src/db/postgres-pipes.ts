/**
 * @file A few connections that many reads share: each is sent at once, behind those that are under way,
 * and answered in that order. It saves the reads from waiting for a connection of their own.
 */
import pg from 'pg';
import { isConnectionLost } from './database-errors.ts';
import { holdWrites } from './hold-writes.ts';

/** Shared connections. */
export interface Pipes {
  /** Sends a statement behind the others. @throws as `pg`; a connection that breaks fails all that are on it. */
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
  /** Ends the connections after what is under way. */
  close(): Promise<void>;
}

/** How much a connection carries before the next one is used: what goes together costs one packet each way. */
const FULL = 32;

function choose(underway: readonly number[]): number {
  const roomy = underway.findIndex((count) => count < FULL);
  return roomy === -1 ? underway.indexOf(Math.min(...underway)) : roomy;
}

/**
 * Makes shared connections; each is opened when it is first needed, and again after it broke.
 *
 * @param config `query_timeout` bounds how long a dead connection can hold up whoever uses it.
 * @param onError called when a connection breaks.
 */
export function makePipes(
  config: pg.ClientConfig & { readonly query_timeout: number },
  count: number,
  onError: (error: Error) => void,
): Pipes {
  const pipes: (Promise<pg.Client> | undefined)[] = Array.from({ length: count });
  const underway = pipes.map(() => 0);

  function open(at: number): Promise<pg.Client> {
    const client = new pg.Client({ ...config, pipeline: true });
    const opened = client.connect();
    const forget = (): void => {
      if (pipes[at] === opened) pipes[at] = undefined;
    };
    client.on('error', (error) => {
      forget();
      onError(error);
    });
    client.on('end', forget);
    opened.catch(forget);
    return opened;
  }

  return {
    async query(statement) {
      const at = choose(underway);
      const opened = (pipes[at] ??= open(at));
      underway[at] = (underway[at] ?? 0) + 1;
      try {
        const client = await opened;
        holdWrites(client);
        return await client.query(statement);
      } catch (error) {
        // It says so itself only a moment later, and the next reads would still be sent on it.
        if (isConnectionLost(error) && pipes[at] === opened) pipes[at] = undefined;
        throw error;
      } finally {
        underway[at] = (underway[at] ?? 0) - 1;
      }
    },
    async close() {
      const opened = pipes.splice(0, count).filter((pipe) => pipe !== undefined);
      await Promise.all(opened.map((pipe) => pipe.then((client) => client.end()).catch(() => {})));
    },
  };
}
