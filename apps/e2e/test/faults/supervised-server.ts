/** @file A server that is started again, on the same port, whenever a test has ended it: what systemd does in real life. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { type ServerDatabase, type ServerProcess, startServer } from '../server-process.ts';
import { serverCommand } from './priority.ts';

/** What a failed test has left running is ended with its file. */
const started: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of started) await end();
});

/** How long a server took to be back. */
export interface Return {
  /** From the signal that ended the old one to the first 200 of /readyz of the new one. */
  readonly readyMs: number;
  /** Of that, how long the new one's main thread waited for a CPU behind other processes. */
  readonly waitedMs: number;
  /** Starts that ended at once, because the database was not there yet. */
  readonly failedStarts: number;
  /** Exit code of the old one; null if the signal itself ended it. */
  readonly exitCode: number | null;
}

/** A server and its supervisor. */
export interface SupervisedServer {
  /** The same for all of its lives. */
  readonly baseUrl: string;
  readonly port: number;
  /** What the present one has written. */
  output(): string;
  /** Ends it with a signal. @returns how it ended, and when. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Pick<Return, 'exitCode'> & { readonly atMs: number }>;
  /** Starts it until it is ready. @param sinceMs when it was last known to be there. */
  startAgain(sinceMs: number): Promise<Omit<Return, 'exitCode'>>;
  /** Both of them. */
  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<Return>;
}

const LONGEST_RETURN_MS = 60_000;

/** Whether the machine has time for the server is not what is tested: it takes no delay for load. */
const PATIENCE = { MAX_EVENT_LOOP_DELAY_MS: 'off' } as const;

/**
 * Starts a server on a database, and stops it once in order, so that its compiled code is kept: a killed one
 * keeps none, and all later starts would be those of the first day.
 */
export async function superviseServer(
  database: ServerDatabase,
  env: Readonly<Record<string, string>> = {},
): Promise<SupervisedServer> {
  const port = await freePort();
  const settings = { PORT: `${port}`, LOG_LEVEL: 'warn', API_DOCS: 'off', ...PATIENCE, ...env };
  const launch = (): Promise<ServerProcess> => startServer(database, settings, serverCommand());
  const baseUrl = `http://127.0.0.1:${port}`;
  let server = await launch();
  await server.stop();
  server = await launch();
  started.push(() => server.kill());

  async function end(signal: 'SIGKILL' | 'SIGTERM') {
    const atMs = performance.now();
    process.kill(server.processId, signal);
    return { exitCode: await server.exit, atMs };
  }

  async function startAgain(sinceMs: number) {
    const deadline = performance.now() + LONGEST_RETURN_MS;
    for (let failedStarts = 0; ; failedStarts += 1) {
      try {
        server = await launch();
        await waitUntilReady(baseUrl, deadline);
        return {
          readyMs: performance.now() - sinceMs,
          waitedMs: waitedForCpuMs(server.processId),
          failedStarts,
        };
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(250);
      }
    }
  }

  return {
    baseUrl,
    port,
    output: () => server.output(),
    end,
    startAgain,
    async restart(signal) {
      const { exitCode, atMs } = await end(signal);
      return { exitCode, ...(await startAgain(atMs)) };
    },
  };
}

/** Waits for a 200 of /readyz. @throws {Error} it did not come until then. */
export async function waitUntilReady(baseUrl: string, deadlineMs: number): Promise<void> {
  while (performance.now() < deadlineMs) {
    const status = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => undefined,
    );
    if (status === 200) return;
    await sleep(10);
  }
  throw new Error(`${baseUrl} did not get ready`);
}

/** The second field of Linux's schedstat, in ms; 0 where there is none. */
function waitedForCpuMs(processId: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${processId}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}

/** A port of the loopback that nobody listens on. */
export function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port was given')),
      );
    });
  });
}
