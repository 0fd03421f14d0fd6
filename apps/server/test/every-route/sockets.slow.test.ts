/**
 * The fuzzer of fuzz.postgres.test.ts, ten times as long and over real sockets, where Node's HTTP parser
 * stands before the app. Headers that no client can write are left out here; malformed HTTP is in
 * src/http/sockets.pglite.test.ts.
 */
import { randomInt } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkQueue } from '../../src/lib/work-queue.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { makeCast } from './cast.ts';
import { boundedBy } from './conforming.ts';
import { complaint, type FuzzRequest, makeRequestMaker } from './fuzz.ts';
import { operations } from './operations.ts';
import { roleFor } from './requests.ts';
import { numberFromEnvironment } from './seeded-random.ts';

const seed = numberFromEnvironment('ZKVAULT_FUZZ_SEED', randomInt(2 ** 31));
const requests = numberFromEnvironment('ZKVAULT_FUZZ_REQUESTS', 200_000);
const BATCH = 32;
const agent = new Agent({ keepAlive: true, maxSockets: BATCH });

const errorLines: string[] = [];
let server: TestServer;
let port: number;
beforeAll(async () => {
  process.stderr.write(`fuzzing with ZKVAULT_FUZZ_SEED=${seed} ZKVAULT_FUZZ_REQUESTS=${requests}\n`);
  server = await startTestServer({
    hashing: makeWorkQueue({ running: 2, waiting: 100_000 }),
    logger: pino({ level: 'error' }, { write: (line: string) => errorLines.push(line) }),
  });
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  agent.destroy();
  await server.close();
});

/** What the client itself would send wrong, so that no server answers. */
const UNSENDABLE = new Set(['content-length', 'transfer-encoding', 'expect']);

function overSocket({ method, url, headers, payload }: FuzzRequest): Promise<LightMyRequestResponse> {
  const sendable = Object.entries(headers).filter(
    // oxlint-disable-next-line no-control-regex -- exactly these cannot be in a header
    ([name, value]) => !UNSENDABLE.has(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value),
  );
  const length = payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        agent,
        port,
        host: '127.0.0.1',
        method,
        path: url.replaceAll(/[^\x21-\x7e]/g, '%3f'),
        headers: { ...Object.fromEntries(sendable), ...length },
      },
      (message) => void readAnswer(message).then(resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

async function readAnswer(message: IncomingMessage): Promise<LightMyRequestResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { statusCode, headers } = message;
  const body = Buffer.concat(chunks).toString();
  return { statusCode, headers, body } as unknown as LightMyRequestResponse;
}

describe('a request over a socket', () => {
  it.for(operations.map((operation, index) => [operation.name, operation, index] as const))(
    'is answered as the contract says: %s',
    async ([, operation, index]) => {
      const maker = makeRequestMaker(operation, seed + index);
      const complaints: string[] = [];
      for (let sent = 0; sent < requests / operations.length; sent += BATCH) {
        const cast = {
          member: await givenMember(roleFor(operation.route)),
          stranger: await givenMember('user'),
        };
        const answers = Array.from({ length: BATCH }, async () => {
          const request = maker.next(cast);
          const response = await boundedBy(overSocket(request), operation.name);
          return complaint(response, request, operation.name) ?? [];
        });
        complaints.push(...(await Promise.all(answers)).flat());
      }

      expect(complaints.slice(0, 5), `seed ${seed}, ${complaints.length} complaints`).toEqual([]);
    },
  );

  it('left no exception in the log', () => {
    expect(errorLines).toEqual([]);
  });
});

let makeMember: Awaited<ReturnType<typeof makeCast>> | undefined;

async function givenMember(role: Parameters<Awaited<ReturnType<typeof makeCast>>>[0]) {
  makeMember ??= await makeCast(server);
  return makeMember(role);
}
