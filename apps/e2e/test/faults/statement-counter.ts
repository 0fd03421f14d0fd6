/** @file A link to PostgreSQL that counts the statements of a connection and ends it at one of them. */
import { connect, createServer, type Socket } from 'node:net';

/** A counting link. */
export interface StatementCounter {
  /** The database, through the link. */
  readonly url: string;
  /** The next statement of this number, from 1, is not sent, and its connection ends. */
  killAt(statement: number): void;
  /** True if one was ended since {@link StatementCounter.killAt}. */
  hasKilled(): boolean;
  close(): Promise<void>;
}

/** Simple queries and the beginning of extended ones. */
const STATEMENTS = new Set(['Q', 'P']);

/** Opens a counting link to a database of the loopback. */
export async function openStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let isKilled = false;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), '127.0.0.1');
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    upstream.pipe(client);
    let pending = Buffer.alloc(0);
    let isStarted = false;
    client.on('data', (piece: Buffer) => {
      pending = Buffer.concat([pending, piece]);
      for (;;) {
        // The first message has no type before its length.
        const head = isStarted ? 1 : 0;
        if (pending.length < head + 4) return;
        const length = head + pending.readUInt32BE(head);
        if (pending.length < length) return;
        const message = pending.subarray(0, length);
        pending = pending.subarray(length);
        if (isStarted && STATEMENTS.has(String.fromCharCode(message[0] ?? 0))) {
          left -= 1;
          if (left === 0) {
            isKilled = true;
            end();
            return;
          }
        }
        isStarted = true;
        upstream.write(message);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port was given');
  const url = new URL(databaseUrl);
  url.port = `${address.port}`;
  return {
    url: url.href,
    killAt(statement) {
      left = statement;
      isKilled = false;
    },
    hasKilled: () => isKilled,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
