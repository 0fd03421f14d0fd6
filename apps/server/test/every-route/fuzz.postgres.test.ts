/**
 * Every route gets requests made from its schema and then spoilt: wrong types, lengths one off, unknown and
 * repeated names, prototypes, depth, numbers beyond all bounds, lone surrogates, NUL, junk in query, path and
 * headers. Whatever comes, the answer is one that the contract declares, never a 5xx, never late, and no
 * refusal says a word about the inside of the server.
 *
 * `ZKVAULT_FUZZ_SEED` repeats a run, `ZKVAULT_FUZZ_REQUESTS` makes it longer.
 */
import { randomInt } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkQueue } from '../../src/lib/work-queue.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { type Member, makeCast } from './cast.ts';
import { complaint, inject, makeRequestMaker } from './fuzz.ts';
import { type Operation, operations } from './operations.ts';
import { roleFor } from './requests.ts';
import { numberFromEnvironment } from './seeded-random.ts';

const seed = numberFromEnvironment('ZKVAULT_FUZZ_SEED', randomInt(2 ** 31));
const requests = numberFromEnvironment('ZKVAULT_FUZZ_REQUESTS', 20_000);
/** Each batch has accounts of its own: many requests end the session that they come from. */
const BATCH = 32;
/** One request in some hundreds is right in every way. */
const MORE_BATCHES = 100;

const errorLines: string[] = [];
let server: TestServer;
let givenMember: Awaited<ReturnType<typeof makeCast>>;
const outcomes = new Map<string, Map<number, number>>();

beforeAll(async () => {
  process.stderr.write(`fuzzing with ZKVAULT_FUZZ_SEED=${seed} ZKVAULT_FUZZ_REQUESTS=${requests}\n`);
  server = await startTestServer({
    hashing: makeWorkQueue({ running: 2, waiting: 100_000 }),
    // A trace of so many requests would cost more than they do.
    logger: pino({ level: 'error' }, { write: (line: string) => errorLines.push(line) }),
  });
  givenMember = await makeCast(server);
});
afterAll(() => server.close());

const requestsEach = Math.ceil(requests / operations.length);

describe('a request of whatever kind', () => {
  it.for(operations.map((operation, index) => [operation.name, operation, index] as const))(
    'is answered as the contract says: %s',
    { timeout: 600_000 },
    async ([, operation, index]) => {
      const maker = makeRequestMaker(operation, seed + index);
      const complaints: string[] = [];
      for (let sent = 0; sent < requestsEach; sent += BATCH)
        complaints.push(...(await sendBatch(operation, maker, Math.min(BATCH, requestsEach - sent))));

      expect(complaints.slice(0, 5), `seed ${seed}, ${complaints.length} complaints`).toEqual([]);
    },
  );

  it('was tried often enough, and gets all the way through where a random request can', {
    timeout: 600_000,
  }, async () => {
    const total = [...outcomes.values()]
      .flatMap((counts) => [...counts.values()])
      .reduce((sum, count) => sum + count, 0);
    const neverRight: string[] = [];
    for (const [index, operation] of operations.entries())
      if (!unreachable.includes(operation.name) && !(await getsThrough(operation, index)))
        neverRight.push(operation.name);

    expect(total).toBeGreaterThanOrEqual(requests);
    expect(neverRight).toEqual([]);
  });

  it('left no exception in the log, and a server that works', async () => {
    const member = await givenMember('user');
    const response = await server.send({ url: '/api/v1/entries', as: member });

    expect(errorLines).toEqual([]);
    expect(response.json<{ items: { id: string }[] }>().items.map(({ id }) => id)).toEqual([
      member.ids['entries'],
    ]);
  });
});

/** What no request out of a schema can do, because the answer to another question is in it. */
const unreachable: readonly string[] = [
  'POST /api/v1/auth/recover/rekey',
  'POST /api/v1/auth/rotate-keys',
  'PUT /api/v1/account-state',
  'POST /api/v1/auth/2fa/verify',
  'POST /api/v1/auth/2fa/recovery-codes',
  'POST /api/v1/vaults/:vaultId/rotation',
  'POST /api/v1/api-keys',
  'POST /api/v1/api-keys/:id/rotate',
  // It is for API keys, and these requests bring tokens.
  'GET /api/v1/api-keys/self',
];

/** Tries on for a while where it was not lucky yet. */
async function getsThrough(operation: Operation, index: number): Promise<boolean> {
  const maker = makeRequestMaker(operation, seed + operations.length + index);
  const isThrough = (): boolean =>
    [...(outcomes.get(operation.name)?.keys() ?? [])].some((status) => status < 300);
  for (let batch = 0; batch < MORE_BATCHES && !isThrough(); batch += 1)
    await sendBatch(operation, maker, BATCH);
  return isThrough();
}

async function sendBatch(
  operation: Operation,
  maker: ReturnType<typeof makeRequestMaker>,
  size: number,
): Promise<readonly string[]> {
  const cast = { member: await givenMember(roleFor(operation.route)), stranger: await givenStranger() };
  const answers = Array.from({ length: size }, async () => {
    const request = maker.next(cast);
    const response = await inject(server, request);
    const counts = outcomes.get(operation.name) ?? new Map<number, number>();
    outcomes.set(operation.name, counts.set(response.statusCode, (counts.get(response.statusCode) ?? 0) + 1));
    return complaint(response, request, operation.name);
  });
  return (await Promise.all(answers)).filter((each) => each !== undefined);
}

let stranger: Member | undefined;

/** One for all: what happens to it does not matter. */
async function givenStranger(): Promise<Member> {
  stranger ??= await givenMember('user');
  return stranger;
}
