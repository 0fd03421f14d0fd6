/**
 * @file Runs the real program against the real server as a process, with a proxy between them that can lie as
 * a server would. The program is a process of its own when it runs a command for the first time and where it
 * hands its streams on or gets signals; else it runs in this process, which takes a tenth of the time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { BUNDLED_CLI } from '../../../test/bundled-cli.ts';
import { COMPILED_CODE } from '../../../test/compiled-code.ts';
import { fillDataDirectory } from '../../../test/data-directory.ts';
import { runProgram } from '../src/program.ts';

const SERVER = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url));
const FROM_SOURCE = '--conditions=@zkvault/source';

/** What one run of the program did. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One device: a state directory of its own. */
export interface DeviceUnderTest {
  readonly home: string;
  /** Runs the program with standard input from a string, never a terminal. */
  run(words: readonly string[], stdin?: string): Promise<Run>;
  /** Starts the program as a process of its own. */
  start(words: readonly string[]): ChildProcess;
  remove(): Promise<void>;
}

/** Makes a device that talks to a server. @param more of its environment. */
export async function makeDevice(
  url: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Promise<DeviceUnderTest> {
  const home = await mkdtemp(join(tmpdir(), 'zkv-cli-'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_COMPILE_CACHE: COMPILED_CODE,
    HOME: home,
    XDG_RUNTIME_DIR: home,
    ZKVAULT_HOME: join(home, 'state'),
    ...(url !== undefined && { ZKVAULT_URL: url }),
    ...more,
  };
  const start = (words: readonly string[]): ChildProcess =>
    spawn(process.execPath, [BUNDLED_CLI, ...words], { env, cwd: home, stdio: 'pipe' });
  const run = (words: readonly string[], stdin = ''): Promise<Run> =>
    needsProcess(words) ? runToEnd(start(words), stdin) : runHere(words, stdin, env);
  return {
    home,
    run,
    start,
    async remove() {
      await run(['lock']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

const known = new Set<string>();

/** True of the first run of a command in a test file, and of a command that hands its streams on. */
function needsProcess(words: readonly string[]): boolean {
  const command = words.find((word) => !word.startsWith('-')) ?? '';
  if (command !== 'run' && known.has(command)) return false;
  known.add(command);
  return true;
}

async function runToEnd(child: ChildProcess, stdin: string): Promise<Run> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A program that needs no input may be gone before it is written.
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function runHere(
  words: readonly string[],
  stdin: string,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = [textOf(stdout), textOf(stderr)] as const;
  const terminal = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, env };
  const code = await runProgram(
    words,
    { ...terminal, workingDirectory: env['HOME'] ?? '' },
    new AbortController().signal,
  );
  stdout.end();
  stderr.end();
  return { code, stdout: await written[0], stderr: await written[1] };
}

/** The password of every account in these tests. */
export const PASSWORD = 'canary correct horse battery staple';

/** Registers `ada` on a new device and logs in there. */
export async function registerAda(
  url: string,
): Promise<{ readonly device: DeviceUnderTest; readonly secretKey: string }> {
  const device = await makeDevice(url);
  const registered = await device.run(['register', 'ada', '--password-stdin', '--json'], `${PASSWORD}\n`);
  const loggedIn = await device.run(['login', 'ada', '--password-stdin'], PASSWORD);
  if (registered.code !== 0 || loggedIn.code !== 0) throw new Error(registered.stderr + loggedIn.stderr);
  return { device, ...(JSON.parse(registered.stdout) as { secretKey: string }) };
}

/** A server on an embedded database of its own. */
export interface ServerUnderTest {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a server as a process, without rate limits, and waits until it is ready.
 *
 * @param env more of its configuration.
 */
export async function startServer(env: Readonly<Record<string, string>> = {}): Promise<ServerUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'zkv-server-'));
  await fillDataDirectory(join(directory, 'data'));
  const port = await findFreePort();
  const child = spawn(process.execPath, [FROM_SOURCE, SERVER], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: COMPILED_CODE,
      PORT: String(port),
      HOST: '127.0.0.1',
      ZKVAULT_DATA_DIR: join(directory, 'data'),
      LOG_LEVEL: 'warn',
      RATE_LIMIT_PER_MINUTE: 'off',
      SESSION_RATE_LIMIT: 'off',
      API_KEY_RATE_LIMIT: 'off',
      LOGIN_RATE_LIMIT: 'off',
      REGISTER_RATE_LIMIT: 'off',
      REFRESH_RATE_LIMIT: 'off',
      ...env,
    },
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the server did not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** A port on which nobody listens now. */
export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Changes the JSON of one answer. */
export type Lie = (path: string, answer: Record<string, unknown>) => Record<string, unknown>;

/** A server that stands between the program and the real one. */
export interface ProxyUnderTest {
  readonly url: string;
  /** Requests that passed, as `METHOD /path`. */
  readonly requests: readonly string[];
  /** Lies from now on; undefined is honest again. */
  setLie(lie: Lie | undefined): void;
  stop(): Promise<void>;
}

/** Starts an honest proxy. */
export async function startProxy(target: string): Promise<ProxyUnderTest> {
  let lie: Lie | undefined;
  const requests: string[] = [];
  const proxy = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`);
    forward(target, request, response, lie).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests,
    setLie(next) {
      lie = next;
    },
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  lie: Lie | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = new Headers();
  for (const name of ['accept', 'authorization', 'content-type', 'idempotency-key', 'x-api-key']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const answer = await fetch(`${target}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    headers,
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  });
  const text = await answer.text();
  const isLiedTo = lie !== undefined && answer.ok && text !== '';
  const body = isLiedTo
    ? JSON.stringify(lie(request.url ?? '', JSON.parse(text) as Record<string, unknown>))
    : text;
  const contentType = answer.headers.get('content-type');
  response.writeHead(answer.status, contentType === null ? {} : { 'content-type': contentType });
  response.end(body === '' ? undefined : body);
}
