/** @file A balancer as small as can be: sends each request to a server whose /readyz says yes. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './supervised-server.ts';

const ASK_EVERY_MS = 100;

/** Opens it on a free port of the loopback. */
export async function openSwitch(
  targets: readonly string[],
): Promise<{ readonly baseUrl: string; close(): Promise<void> }> {
  const ready = new Set(targets);
  let turn = 0;
  const closing = new AbortController();

  const asking = Promise.all(
    targets.map(async (target) => {
      while (!closing.signal.aborted) {
        const isReady = await fetch(`${target}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
          async (response) => {
            await response.arrayBuffer();
            return response.ok;
          },
          () => false,
        );
        if (isReady) ready.add(target);
        else ready.delete(target);
        await sleep(ASK_EVERY_MS);
      }
    }),
  );

  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const candidates = [...ready];
    turn += 1;
    const target = candidates[turn % candidates.length];
    if (target === undefined) {
      outgoing.writeHead(503).end();
      return;
    }
    const url = new URL(incoming.url ?? '/', target);
    const passed = request(url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    async close() {
      closing.abort();
      await asking;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
