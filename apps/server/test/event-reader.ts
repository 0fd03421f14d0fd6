/** @file Reads the stream of events as a client does, one event after the other. */
import type { InjectOptions } from 'fastify';
import type { TestAccount, TestServer } from './test-server.ts';

/** One event; a comment has the name `comment`. */
export interface ReadEvent {
  readonly name: string;
  readonly id?: string;
  readonly data?: unknown;
}

/** A stream that is read only when it is asked. */
export interface EventReader {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The next event, comments among them; undefined at the end of the stream. */
  next(): Promise<ReadEvent | undefined>;
  /** How many bytes the server has written that were not read. */
  unreadBytes(): number;
  /** Cuts the connection off. */
  leave(): void;
}

/** Opens the stream as an account. */
export async function openEvents(
  server: TestServer,
  as: TestAccount,
  headers: InjectOptions['headers'] = {},
): Promise<EventReader> {
  const response = await server.app.inject({
    url: '/api/v1/events',
    headers: { authorization: `Bearer ${as.token}`, ...headers },
    payloadAsStream: true,
  });
  const stream = response.stream().on('error', () => {});
  const chunks = stream[Symbol.asyncIterator]();
  let text = '';
  return {
    status: response.statusCode,
    headers: response.headers,
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end !== -1) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          if (!block.startsWith('retry:')) return readBlock(block);
          continue;
        }
        const { done, value } = await chunks.next();
        if (done === true) return undefined;
        text += String(value);
      }
    },
    unreadBytes: () => stream.readableLength,
    leave: () => void response.raw.res.destroy(),
  };
}

function readBlock(block: string): ReadEvent {
  if (block === ':') return { name: 'comment' };
  const fields = Object.fromEntries(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  return {
    name: fields['event'] ?? '',
    ...(fields['id'] === undefined ? {} : { id: fields['id'] }),
    data: JSON.parse(fields['data'] ?? 'null') as unknown,
  };
}
