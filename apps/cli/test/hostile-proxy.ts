/**
 * @file A hostile server behind a real socket, and the program run against it in this process: it prints what
 * is true, or ends with a code that says why, and prints nothing.
 */
import { once } from 'node:events';
import { cp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  brokenAnswers,
  type HostileServer,
  type Lie,
  makeHostileServer,
  mutationsOf,
} from '@zkvault/sdk/testing';
import { type DeviceUnderTest, makeDevice, PASSWORD, type Run, registerAda, startServer } from './harness.ts';

/** A hostile server that listens. */
export interface HostileProxy {
  readonly url: string;
  readonly hostile: HostileServer;
  stop(): Promise<void>;
}

/** Starts an honest proxy; its `hostile` makes it lie. */
export async function startHostileProxy(target: string): Promise<HostileProxy> {
  const hostile = makeHostileServer({ upstream: (url, init) => fetch(url, init) });
  const proxy = createServer((request, response) => {
    forward(target, hostile, request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    hostile,
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

async function forward(
  target: string,
  hostile: HostileServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = new Headers();
  for (const name of ['accept', 'authorization', 'content-type', 'idempotency-key']) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const answer = await hostile.fetch(`${target}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    headers,
    redirect: 'manual',
    ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString() }),
  });
  const said = Object.fromEntries([...answer.headers].filter(([name]) => WORTH_SAYING.has(name)));
  response.writeHead(answer.status, said);
  if (answer.body === null) response.end();
  else
    Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0])
      .on('error', () => response.destroy())
      .pipe(response);
}

const WORTH_SAYING: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-length',
  'location',
  'retry-after',
]);

/** One lie to run the program against. */
export interface ProxyLie {
  readonly title: string;
  readonly lie: Lie;
  /** True if the lie is a refusal, which is the server's right: then any code but 0 will do. */
  readonly isRefusal: boolean;
}

/** What only a real socket and a real `fetch` can be told. */
const onTheWire: readonly ProxyLie[] = [
  ['a gzip bomb', () => compressed(gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')))] as const,
  ['gzip that is none', () => compressed(Buffer.from('{}'))] as const,
  [
    'a length beyond the body',
    (answer: Parameters<Lie>[0]) => withLength(answer.body, answer.body.length + 10),
  ] as const,
  [
    'a length short of the body',
    (answer: Parameters<Lie>[0]) => withLength(answer.body.slice(0, 10), 10),
  ] as const,
].map(([title, lie]) => ({ title, lie, isRefusal: false }));

function compressed(body: Uint8Array<ArrayBuffer>): Response {
  return new Response(body, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } });
}

function withLength(body: Uint8Array<ArrayBuffer>, length: number): Response {
  return new Response(body, {
    headers: { 'content-type': 'application/json', 'content-length': `${length}` },
  });
}

/** Every lie about one honest answer. A body that never comes would take the program's whole half minute. */
export function liesAbout(honest: unknown): readonly ProxyLie[] {
  return [
    ...onTheWire,
    ...mutationsOf(honest).map(
      ({ operator, pointer, apply }): ProxyLie => ({
        title: `${pointer}: ${operator}`,
        isRefusal: false,
        lie(answer) {
          answer.json = apply(answer.json) ?? answer.json;
        },
      }),
    ),
    ...brokenAnswers
      .filter(({ operator }) => operator !== 'slow body')
      .map(
        ({ operator, apply }): ProxyLie => ({
          title: operator,
          isRefusal: operator.startsWith('problem') || operator.startsWith('status 4'),
          lie: (answer) => apply(answer) ?? undefined,
        }),
      ),
  ];
}

/** A person with three entries and two devices behind a proxy: one that never listed, and one that did. */
export interface Siege {
  readonly proxy: HostileProxy;
  readonly lies: readonly ProxyLie[];
  /** Runs the program on a device as it was when the siege began. */
  run(device: 'fresh' | 'pinned', words: readonly string[]): Promise<Run>;
  stop(): Promise<void>;
}

/** Starts server and proxy, and makes both devices while nobody lies. */
export async function startSiege(): Promise<Siege> {
  const server = await startServer();
  const proxy = await startHostileProxy(server.url);
  const { device: first, secretKey } = await registerAda(proxy.url);
  for (const title of ['One', 'Two', 'Three'])
    await first.run(['add', 'login', '--title', title, '--username', 'ada', '--generate']);
  const devices = { fresh: await makeDevice(proxy.url), pinned: await makeDevice(proxy.url) };
  for (const device of Object.values(devices))
    await device.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\n${secretKey}\n`);
  const listed = await devices.pinned.run(['list', '--json']);
  if (listed.code !== 0) throw new Error(listed.stderr);
  const honest = proxy.hostile.traffic.findLast(({ operationId }) => operationId === 'getChanges')!.honest!
    .json;
  for (const { home } of Object.values(devices))
    await cp(join(home, 'state', 'vault'), join(home, 'saved'), { recursive: true });
  return {
    proxy,
    lies: liesAbout(honest),
    async run(name, words) {
      const { home } = devices[name];
      // The files and not their directory, which keeps its permissions.
      const stored = join(home, 'state', 'vault');
      for (const file of await readdir(stored)) await rm(join(stored, file), { recursive: true });
      await cp(join(home, 'saved'), stored, { recursive: true });
      return devices[name].run(words);
    },
    async stop() {
      proxy.hostile.honest();
      for (const device of [first, ...Object.values<DeviceUnderTest>(devices)]) await device.remove();
      await proxy.stop();
      await server.stop();
    },
  };
}

/**
 * Runs the program against lies.
 *
 * @returns what must not be: something else than the truth on standard output, or a code that says nothing.
 */
export async function besiege(siege: Siege, lies: readonly ProxyLie[]): Promise<readonly string[]> {
  const violations: string[] = [];
  const commands = [
    ['list', '--json'],
    ['get', 'One', '--json'],
  ] as const;
  for (const [index, { title, lie, isRefusal }] of lies.entries()) {
    const device = index % 2 === 0 ? 'fresh' : 'pinned';
    const words = commands[(index >> 1) % 2]!;
    siege.proxy.hostile.honest();
    const truth = await siege.run(device, words);
    siege.proxy.hostile.mutate('getChanges', lie);
    const { code, stdout, stderr } = await siege.run(device, words);
    const isTrue = truth.code === 0 && code === 0 && stdout === truth.stdout;
    const isRefused =
      stdout === '' && stderr !== '' && (code === 7 || code === 8 || (isRefusal && code !== 0));
    if (!isTrue && !isRefused) violations.push(`${device} ${words.join(' ')} · ${title}: ${code} ${stderr}`);
  }
  siege.proxy.hostile.honest();
  return violations;
}
