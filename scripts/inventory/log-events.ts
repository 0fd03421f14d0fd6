/** @file Every event that the server logs, found in its source by `event: '…'`. */
import { globSync, readFileSync } from 'node:fs';

const MEANINGS: Readonly<Record<string, string>> = {
  application_start: 'the server listens',
  application_shutdown: 'it has stopped in order',
  authentication_event: 'a login, a registration, a refresh, a logout, right or wrong, with the reason',
  authorization_event: 'somebody was refused for want of a permission, or a role changed',
  change_feed_lost: 'changes made through other servers are not told for now',
  data_access: 'an account read or wrote something of its own',
  database_connection_lost: 'a connection to the database ended',
  database_unavailable: 'a request was answered 503 for want of the database',
  housekeeping_failed: 'what has expired could not be removed; it is tried again',
  http_refused: 'a connection did not speak HTTP (debug)',
  http_request: 'a request was answered: route, status, duration',
  rate_limit_store_back: 'Redis is back, limits are shared again',
  rate_limit_store_lost: 'Redis is away, each server counts alone',
  security_violation:
    'what no client of ours does: a reused refresh token, a lockout, a limit, a foreign origin or host',
  server_key_missing: 'rows depend on a key that the ring lacks',
  server_keys_unexamined: 'which keys rows depend on could not be looked up at the start',
  unhandled_exception: 'a fault of the server; the answer was 500, or the process ends',
  validation_error: 'a request did not fit its schema: where, never what',
};

/** Rows of a table. @throws {Error} an event that nobody has said anything about, or that is no more. */
export function logEvents(root: string): readonly (readonly string[])[] {
  const found = new Set<string>();
  for (const path of globSync('apps/server/src/**/*.ts', { cwd: root }))
    if (!path.endsWith('.test.ts'))
      for (const [, event = ''] of readFileSync(root + path, 'utf8').matchAll(/\bevent: '(\w+)'/g))
        found.add(event);
  const unknown = [...found].filter((event) => MEANINGS[event] === undefined);
  const gone = Object.keys(MEANINGS).filter((event) => !found.has(event));
  if (unknown.length + gone.length > 0)
    throw new Error(`scripts/inventory/log-events.ts: ${[...unknown, ...gone].join(', ')}`);
  return Object.entries(MEANINGS).map(([event, meaning]) => [`\`${event}\``, meaning]);
}
