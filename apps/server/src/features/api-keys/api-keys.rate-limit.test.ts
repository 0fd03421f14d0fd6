/** Requests with an API key are counted by the key, and by the address while the key is not known. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { givenKeyOwner, sendWithKey } from '../../../test/api-key-client.ts';
import { someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer, testSettings } from '../../../test/test-server.ts';
import { loadConfig } from '../../config.ts';
import { makeMemoryRateCounter } from '../../lib/rate-limit/memory-rate-counter.ts';
import { apiKeyLimit, type RateLimits } from '../../lib/rate-limit/rate-limits.ts';

const perMinute = (limit: number) => ({ limit, windowSeconds: 60 });
let server: TestServer;
let nowMs = 0;

async function startWith(limits: Partial<RateLimits>): Promise<void> {
  nowMs = 0;
  server = await startTestServer({
    rateCounter: makeMemoryRateCounter({ now: () => nowMs }),
    settings: { rateLimits: { ...testSettings.rateLimits, ...limits } },
  });
}
afterEach(() => server.close());

const read = (credential: string) => sendWithKey(server, credential, ['GET', '/entries']);

async function statuses(count: number, credential: string): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) found.push((await read(credential)).statusCode);
  return found;
}

describe('the limit of an API key', () => {
  it('is its own, to the last request, and then anew; the headers say so', async () => {
    await startWith({ apiKey: perMinute(600) });
    const owner = await givenKeyOwner(server);
    const { credential } = await owner.givenKey({ rateLimit: 3 });
    const other = await owner.givenKey();

    const first = await read(credential);
    const next = await statuses(2, credential);
    const beyond = await read(credential);
    const ofOther = await read(other.credential);
    nowMs += 60_000;
    const anew = await read(credential);

    expect([first.statusCode, ...next, beyond.statusCode, anew.statusCode]).toEqual([
      200, 200, 200, 429, 200,
    ]);
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"api-key";q=3;w=60',
      ratelimit: '"api-key";r=2;t=60',
    });
    expect(beyond.headers).toMatchObject({ ratelimit: '"api-key";r=0;t=60', 'retry-after': '60' });
    expect(ofOther.headers['ratelimit']).toBe('"api-key";r=599;t=60');
  });

  it('is the server’s without one of its own, counts every route together, and no session', async () => {
    await startWith({ apiKey: perMinute(2), session: perMinute(100) });
    const owner = await givenKeyOwner(server);
    const { credential } = await owner.givenKey();

    const found = [
      (await read(credential)).statusCode,
      (await sendWithKey(server, credential, ['GET', '/api-keys/self'])).statusCode,
      (await read(credential)).statusCode,
      (await owner.send('GET', '/entries')).statusCode,
    ];

    expect(found).toEqual([200, 200, 429, 200]);
  });

  it('is by default 600 a minute', () => {
    expect(loadConfig({}).rateLimits.apiKey).toEqual(perMinute(600));
  });

  it.for([
    [perMinute(600), null, perMinute(600)],
    [perMinute(600), 599, perMinute(599)],
    [perMinute(600), 601, perMinute(600)],
    [{ limit: 20, windowSeconds: 1 }, 1_199, perMinute(1_199)],
    [{ limit: 20, windowSeconds: 1 }, 1_200, { limit: 20, windowSeconds: 1 }],
    ['off', 5, perMinute(5)],
    ['off', null, 'off'],
  ] as const)('of %o and a wish of %s is %o', ([limit, own, effective]) => {
    expect(apiKeyLimit(limit, own)).toEqual(effective);
  });
});

describe('whoever makes credentials up', () => {
  it('is counted by his address, and known keys of that address are not', async () => {
    await startWith({ default: perMinute(3), apiKey: perMinute(100), login: 'off', register: 'off' });
    const owner = await givenKeyOwner(server);
    const { credential } = await owner.givenKey();
    nowMs += 60_000;
    await read(credential);
    const madeUp = () => read(`zkv_${randomUUID()}_${someBytes(32)}`);

    const found = [await madeUp(), await madeUp(), await madeUp()].map(({ statusCode }) => statusCode);

    expect(found).toEqual([401, 401, 429]);
    expect(await statuses(3, credential)).toEqual([200, 200, 200]);
  });

  it('guesses no more of a key that was revoked than of any other', async () => {
    await startWith({ default: perMinute(100), apiKey: perMinute(100) });
    const owner = await givenKeyOwner(server);
    const { id, credential } = await owner.givenKey();
    await read(credential);
    await owner.send('DELETE', `/api-keys/${id}`);

    const [first, second] = [await read(credential), await read(credential)];

    expect([first.statusCode, second.statusCode]).toEqual([401, 401]);
    expect(second.headers['ratelimit-policy']).toBe('"default";q=100;w=60');
  });
});
