/** Real sockets: what `inject` cannot send. */
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../test/test-server.ts';
import { bodyDeadlineMs, HTTP_TIMEOUTS } from './body-deadline.ts';

let server: TestServer;
let port: number;

beforeAll(async () => {
  server = await startTestServer();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(() => server.close());

interface Conversation {
  readonly socket: Socket;
  /** All that came until the other side closed, and how long that took. */
  readonly end: Promise<{ readonly text: string; readonly afterMs: number }>;
}

function talk(first: string): Conversation {
  const startedAt = performance.now();
  const socket = connectSocket(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const end = new Promise<{ text: string; afterMs: number }>((resolve) => {
    socket.on('close', () => resolve({ text, afterMs: performance.now() - startedAt }));
  });
  socket.write(first);
  return { socket, end };
}

describe('a connection', () => {
  it.for([
    ['of malformed HTTP', 'GET / HTTP/1.1\r\nno colon here\r\n\r\n', 400, 'malformed-request'],
    ['of something else', '\x16\x03\x01\x02\x00', 400, 'malformed-request'],
    [
      'with two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'malformed-request',
    ],
    [
      'with too large headers',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
  ] as const)('%s is refused with a problem and the usual headers', async ([, text, status, code]) => {
    const { text: answer } = await talk(text).end;

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('x-content-type-options: nosniff');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
  });

  it('whose headers never end is closed within 6 s', async () => {
    const conversations = Array.from({ length: 50 }, () => talk('GET / HTTP/1.1\r\nhost: x\r\n'));
    const trickle = setInterval(() => {
      for (const { socket } of conversations) socket.write('a: b\r\n');
    }, 500);

    const ends = await Promise.all(conversations.map(({ end }) => end));
    clearInterval(trickle);

    expect(Math.max(...ends.map(({ afterMs }) => afterMs))).toBeLessThan(6_500);
    expect(ends[0]?.text).toContain('request-timeout');
  });

  it('whose body never ends is closed within 6 s', async () => {
    const head =
      'POST /api/v1/auth/prelogin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{';
    const { socket, end } = talk(head);
    const trickle = setInterval(() => socket.write(' '), 500);

    const { text, afterMs } = await end;
    clearInterval(trickle);

    expect(afterMs).toBeGreaterThan(4_500);
    expect(afterMs).toBeLessThan(6_500);
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect(text).toContain('request-timeout');
  });

  it('that sends a body without a session is refused before the body has come', async () => {
    const id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
    const head = `POST /api/v1/vaults/${id}/commits HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 8000000\r\n\r\n{`;
    const { socket, end } = talk(head);
    await sleep(1_000);
    socket.destroy();

    const { text } = await end;

    expect(text).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe('the time for a body', () => {
  it('is 5 s at the default limit and grows with what a route takes', () => {
    expect(bodyDeadlineMs(131_072)).toBe(5_000);
    expect(bodyDeadlineMs(8_388_608)).toBe(131_000);
    expect(bodyDeadlineMs(8_388_608)).toBeLessThan(HTTP_TIMEOUTS.requestTimeout);
  });
});
