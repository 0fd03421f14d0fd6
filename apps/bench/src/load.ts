/** @file Load over real sockets on loopback: bounded in time, ends by itself. */
import autocannon from 'autocannon';

/** A bounded load on one server. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** One for all, or one for each connection by its number. */
  readonly body?: string | readonly string[];
  /** Headers of each connection, by its number; connections may be different people. */
  readonly headersOf: (connection: number) => Record<string, string>;
}

/**
 * Runs the load and gives successful answers per second.
 *
 * @throws {Error} any answer was not 2xx: a rate of refusals is not a result.
 */
export async function requestsPerSecond(load: Load): Promise<number> {
  let next = 0;
  const result = await autocannon({
    url: `${load.url}${load.path}`,
    connections: load.connections,
    duration: load.seconds,
    method: load.method,
    setupClient: (client) => {
      const connection = next % load.connections;
      const body = typeof load.body === 'string' ? load.body : load.body?.[connection];
      client.setHeaders({ ...load.headersOf(connection), ...jsonHeader(body) });
      if (body !== undefined) client.setBody(body);
      next += 1;
    },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${load.method} ${load.path}: ${result.non2xx} refusals, ${result.errors} errors`);
  return result['2xx'] / result.duration;
}

function jsonHeader(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' };
}
