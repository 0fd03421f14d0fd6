/** Crowds: sockets that never finish a request, and logins that never stop. */
import { randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import { makeDataDirectory } from '../server-process.ts';
import { COUNTS } from './counts.ts';
import { keepFigures, quantile } from './figures.ts';
import { logIn, makePlainAccount, type PlainAccount, postJson } from './plain-writers.ts';
import { startPostgres } from './priority.ts';
import { type SupervisedServer, superviseServer } from './supervised-server.ts';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let postgres: TemporaryPostgres;
let server: SupervisedServer;
let honest: PlainAccount;
beforeAll(async () => {
  directory = await makeDataDirectory();
  postgres = await startPostgres();
  server = await superviseServer({ dataDirectory: directory.path, databaseUrl: postgres.url });
  honest = await makePlainAccount(server.baseUrl);
});
afterAll(async () => {
  await server.end('SIGKILL');
  await postgres.stop();
  await directory.remove();
});

/** An honest client writes until told to stop. */
function writeMeanwhile() {
  const statuses: number[] = [];
  const tookMs: number[] = [];
  const over = new AbortController();
  const writing = (async () => {
    while (!over.signal.aborted) {
      const atMs = performance.now();
      const response = await postJson(
        `${server.baseUrl}/api/v1/entries`,
        { ciphertext: 'AAAA', iv: 'A'.repeat(16), tag: 'A'.repeat(22) },
        { authorization: `Bearer ${honest.accessToken}` },
      );
      await response.arrayBuffer();
      statuses.push(response.status);
      tookMs.push(performance.now() - atMs);
      await sleep(20);
    }
  })();
  return {
    async stop() {
      over.abort();
      await writing;
      return { statuses, tookMs };
    },
  };
}

it('serves the honest while 1,000 sockets trickle, and closes those', async () => {
  const startedAtMs = Date.now();
  const port = server.port;
  const sockets: Socket[] = [];
  const closedAfterMs: number[] = [];
  const closed = Array.from({ length: COUNTS.slowSockets }, () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', () => {});
    const atMs = performance.now();
    socket.write('POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\n');
    return new Promise<void>((resolve) =>
      socket.on('close', () => {
        closedAfterMs.push(performance.now() - atMs);
        resolve();
      }),
    );
  });
  const trickle = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('a: b\r\n');
  }, 1_000);
  const client = writeMeanwhile();

  await Promise.all(closed);
  clearInterval(trickle);
  const { statuses, tookMs } = await client.stop();

  keepFigures(
    'slow sockets',
    { startedAtMs },
    {
      sockets: sockets.length,
      'last closed after ms': quantile(closedAfterMs, 1),
      'honest writes': statuses.length,
      'honest writes refused': statuses.filter((status) => status !== 201).length,
      'honest write p95 ms': quantile(tookMs, 0.95),
    },
  );
  expect(new Set(statuses)).toEqual(new Set([201]));
  expect(statuses.length).toBeGreaterThan(5);
  expect(quantile(closedAfterMs, 1)).toBeLessThan(30_000);
});

it('serves the honest while others flood the login, and lets nobody in', async () => {
  const startedAtMs = Date.now();
  const guess = async (): Promise<number> => {
    const response = await postJson(`${server.baseUrl}/api/v1/auth/login`, {
      login: `nobody-${randomBytes(4).toString('hex')}`,
      authKey: randomBytes(32).toString('base64url'),
      transport: 'body',
      device: { id: randomUUID(), name: 'a flood' },
    });
    await response.arrayBuffer();
    return response.status;
  };
  const client = writeMeanwhile();

  let left = COUNTS.floodLogins;
  const answers: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      while (left > 0) {
        left -= 1;
        answers.push(await guess());
      }
    }),
  );
  const { statuses, tookMs } = await client.stop();
  const again = await logIn(server.baseUrl, honest);

  keepFigures(
    'login flood (100 at once, without rate limits)',
    { startedAtMs },
    {
      logins: answers.length,
      'refused for load (503)': answers.filter((status) => status === 503).length,
      'let in': answers.filter((status) => status === 200).length,
      'honest writes': statuses.length,
      'honest writes refused': statuses.filter((status) => status !== 201).length,
      'honest write p95 ms': quantile(tookMs, 0.95),
    },
  );
  expect(answers.every((status) => status === 401 || status === 503)).toBe(true);
  expect(new Set(statuses)).toEqual(new Set([201]));
  expect(again.accessToken).toBeTypeOf('string');
});
