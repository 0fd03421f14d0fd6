/** @file What the server does in a second, against bare Fastify with one prepared statement. */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { hash } from '@node-rs/argon2';
import type { Entry } from '@zkvault/contract';
import { requestsPerSecond } from './load.ts';
import type { Comparison } from './measure.ts';
import { bearer, loginBody, makeEnvelope, makePerson, type Person, post } from './people.ts';

const ARGON2_CEILING = 'bare @node-rs/argon2 (Argon2id is its default), same parameters, all cores';
const CONNECTIONS = [8, 64];
const SECONDS = 2;

/** Of rates of whole requests. */
export const WARM_UPS = 4;

/** The databases of the two servers, as URLs. */
export interface ServerDatabases {
  readonly product: string;
  readonly ceiling: string;
}

/** Where the two servers listen. */
export interface Servers {
  readonly product: string;
  readonly ceiling: string;
  /** The database of the ceiling, as a URL. */
  readonly ceilingDatabase: string;
}

/** Reads of one entry and writes of one entry, at 8 and 64 connections, each connection a person of its own. */
export async function entryBenches(servers: Servers): Promise<readonly Comparison[]> {
  const people = await makePeople(servers.product, Math.max(...CONNECTIONS));
  const body = JSON.stringify(makeEnvelope());
  const reader = people[0]!;
  const { id } = await post<Entry>(`${servers.product}/api/v1/entries`, JSON.parse(body), bearer(reader));
  const vaultId = randomUUID();
  const twin = await post<Entry>(`${servers.ceiling}/entries/${vaultId}`, JSON.parse(body));
  const personOf = (connection: number) => bearer(people[connection % people.length]!);
  return CONNECTIONS.flatMap((connections) => {
    const common = { connections, seconds: SECONDS };
    const read = { ...common, method: 'GET' } as const;
    const write = { ...common, method: 'POST', body } as const;
    return [
      {
        name: `read an entry, ${connections} connections`,
        unit: 'requests/s',
        ceiling: 'bare Fastify, same JSON schema, one prepared pipelined SELECT',
        target: { atLeast: 0.75 },
        warmUps: WARM_UPS,
        subject: () =>
          requestsPerSecond({
            ...read,
            url: servers.product,
            path: `/api/v1/entries/${id}`,
            headersOf: () => bearer(reader),
          }),
        reference: () =>
          requestsPerSecond({
            ...read,
            url: servers.ceiling,
            path: `/entries/${vaultId}/${twin.id}`,
            headersOf: () => ({}),
          }),
      },
      {
        name: `write an entry, ${connections} connections`,
        unit: 'requests/s',
        ceiling: 'bare Fastify, same JSON schema, one prepared INSERT per transaction',
        target: { atLeast: 0.7 },
        warmUps: WARM_UPS,
        subject: () =>
          requestsPerSecond({ ...write, url: servers.product, path: '/api/v1/entries', headersOf: personOf }),
        reference: () =>
          requestsPerSecond({
            ...write,
            url: servers.ceiling,
            path: `/entries/${vaultId}`,
            headersOf: () => ({}),
          }),
      },
    ];
  });
}

/** Logins of as many people as log in at once, against the password hash that every login costs. */
export async function loginBench(servers: Servers): Promise<Comparison> {
  // So many that a core need not wait for the network and the database of the login before, and so few that as many
  // that a round before has left behind do not fill the queue.
  const concurrency = 2 * cpus().length;
  const people = await makePeople(servers.product, concurrency);
  return {
    name: `login, ${concurrency} at once`,
    unit: 'logins/s',
    ceiling: ARGON2_CEILING,
    target: { atLeast: 0.9 },
    warmUps: WARM_UPS,
    subject: () =>
      requestsPerSecond({
        url: servers.product,
        path: '/api/v1/auth/login',
        method: 'POST',
        connections: concurrency,
        seconds: SECONDS,
        body: people.map((person) => JSON.stringify(loginBody(person))),
        headersOf: () => ({}),
      }),
    reference: () => hashesPerSecond(concurrency),
  };
}

async function hashesPerSecond(concurrency: number): Promise<number> {
  const end = performance.now() + SECONDS * 1_000;
  const started = performance.now();
  let hashes = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await hash('x'.repeat(32), {
        memoryCost: 19_456,
        timeCost: 2,
        parallelism: 1,
      });
      hashes += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (hashes * 1_000) / (performance.now() - started);
}

async function makePeople(url: string, count: number): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (let index = 0; index < count; index += 1) people.push(await makePerson(url));
  return people;
}
