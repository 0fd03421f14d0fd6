/** @file Sends together what is asked for together. */
import type { Duplex } from 'node:stream';
import type { ClientBase } from 'pg';

const held = new WeakSet<ClientBase>();

/**
 * Holds back what is written to a connection until everything that arrived with it has been looked at: what
 * many requests ask for goes out in one packet, and the wait is none, for nothing else could be done meanwhile.
 */
export function holdWrites(client: ClientBase): void {
  if (held.has(client)) return;
  const { stream } = (client as ClientBase & { readonly connection: { readonly stream: Duplex } }).connection;
  held.add(client);
  stream.cork();
  setImmediate(() => {
    held.delete(client);
    stream.uncork();
  });
}
