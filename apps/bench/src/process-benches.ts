/** @file What a process of the server takes: memory under load, memory of idle clients, time to start. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_STREAM_LIMITS } from '@zkvault/contract';
import { type ChildServer, startChild } from './child.ts';
import { call, millisecondsOf } from './http.ts';
import { requestsPerSecond } from './load.ts';
import type { Comparison } from './measure.ts';
import { bearer, makePerson, type Person } from './people.ts';
import type { ServerDatabases } from './server-benches.ts';

const CONNECTIONS = 64;
const SECONDS = 3;
const IDLE_CLIENTS = 1_000;

/** Resident memory after some seconds of requests that ask the database for nothing but whether it is there. */
export function memoryBench(databases: ServerDatabases): Comparison {
  return {
    name: 'memory at 64 connections',
    unit: 'MiB',
    ceiling: 'bare Fastify with its pool',
    target: { atMost: 2 },
    subject: () => memoryOf('zkvault-server', databases.product, '/readyz'),
    reference: () => memoryOf('ceiling-server', databases.ceiling, '/ready'),
  };
}

async function memoryOf(name: string, database: string, path: string): Promise<number> {
  const server = await startChild(name, database);
  try {
    const { url } = server;
    const load = { url, path, method: 'GET', connections: CONNECTIONS, seconds: SECONDS } as const;
    await requestsPerSecond({ ...load, headersOf: () => ({}) });
    return (await residentBytes(server)) / 2 ** 20;
  } finally {
    await server.stop();
  }
}

/**
 * Memory that the server takes more with idle listeners to events, each; what is garbage does not count. As many are
 * there before: the first thousand sockets of any Node process make it grow by twice what each later one takes.
 */
export function idleClientBench(databases: ServerDatabases): Comparison {
  const kilobytesPerClient = async (): Promise<number> => {
    const server = await startChild('zkvault-server', databases.product);
    const streams: ClientRequest[] = [];
    try {
      const people: Person[] = [];
      while (people.length * EVENT_STREAM_LIMITS.perSession < 2 * IDLE_CLIENTS)
        people.push(await makePerson(server.url));
      const openUntil = async (count: number): Promise<number> => {
        while (streams.length < count) {
          const person = people[Math.floor(streams.length / EVENT_STREAM_LIMITS.perSession)]!;
          streams.push(await openStream(server.url, person));
        }
        await sleep(2_000);
        await server.collect();
        return residentBytes(server);
      };
      const before = await openUntil(IDLE_CLIENTS);
      return ((await openUntil(2 * IDLE_CLIENTS)) - before) / IDLE_CLIENTS / 1_000;
    } finally {
      for (const stream of streams) stream.destroy();
      await server.stop();
    }
  };
  return {
    name: `memory of an idle listener, ${IDLE_CLIENTS.toLocaleString('en-US')} beside as many`,
    unit: 'kB',
    ceiling: 'none: 20 kB is the limit',
    target: { atMost: 1 },
    subject: kilobytesPerClient,
    reference: async () => 20,
  };
}

function openStream(url: string, person: Person): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const stream = request(
      `${url}/api/v1/events`,
      { agent: false, headers: { ...bearer(person), accept: 'text/event-stream' } },
      (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve(stream);
        else reject(new Error(`a stream was answered ${answer.statusCode}`));
      },
    );
    stream.on('error', reject);
    stream.end();
  });
}

async function residentBytes({ pid }: ChildServer): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error('this system does not tell the memory of a process');
  return Number(kibibytes) * 1_024;
}

/**
 * From the start of the process until it is ready, on an embedded database that is there. Both keep their compiled
 * code, as a server does that is started as the README or the systemd unit has it.
 */
export async function coldStartBench(): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), 'zkvault-bench-'));
  const env = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const timeOf = (name: string) => async (): Promise<number> => {
    let child: ChildServer | undefined;
    const duration = await millisecondsOf(async () => {
      child = await startChild(name, join(folder, 'data'), env);
      if (name === 'delivered-server') await call(`${child.url}/readyz`);
    });
    await child?.stop();
    return duration;
  };
  const timeOfServer = timeOf('delivered-server');
  await timeOfServer();
  return {
    name: 'cold start, embedded database',
    unit: 'ms',
    ceiling: 'a process that opens the same database with PGlite, and nothing else',
    target: { atMost: 1.5 },
    warmUps: 1,
    subject: timeOfServer,
    reference: timeOf('bare-pglite'),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
