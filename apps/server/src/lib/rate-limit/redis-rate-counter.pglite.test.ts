/** Counting in a real Redis: exact, shared, and what happens when it goes away. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRedis, freePort, startRedis, type TemporaryRedis } from '../../../test/temporary-redis.ts';
import { makeMemoryRateCounter } from './memory-rate-counter.ts';
import type { RateCounter } from './rate-counter.ts';
import { connectRedisRateCounter } from './redis-rate-counter.ts';
import { makeSteadyRateCounter } from './steady-rate-counter.ts';

const given = process.env['ZKVAULT_TEST_REDIS_URL'];
const program = await findRedis();
const rule = { name: 'default', limit: 5, windowSeconds: 60 };
const nameOf = (caller: string): string => Buffer.from(caller).toString('base64url');

describe.skipIf(given === undefined && program === undefined)(
  'a counter in Redis (needs ZKVAULT_TEST_REDIS_URL, a redis-server, or Debian’s archive)',
  () => {
    let redis: TemporaryRedis | undefined;
    let url = '';
    let one: RateCounter;
    let other: RateCounter;

    beforeAll(async () => {
      if (given === undefined && program !== undefined) redis = await startRedis(program);
      url = given ?? redis?.url ?? '';
      one = await connectRedisRateCounter(url, nameOf);
      other = await connectRedisRateCounter(url, nameOf);
    });
    afterAll(async () => {
      await one.close();
      await other.close();
      await redis?.kill();
    });

    it('is exact under parallel requests of two servers', async () => {
      const caller = randomUUID();

      const tallies = await Promise.all(
        Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? one : other).count(rule, caller)),
      );

      const counts = tallies.map(({ count }) => count).toSorted((left, right) => left - right);
      expect(counts).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
      expect(tallies.every(({ resetInMs }) => resetInMs > 55_000 && resetInMs <= 60_000)).toBe(true);
    });

    it('begins anew when the window has ended', async () => {
      const second = { ...rule, windowSeconds: 1 };
      const caller = randomUUID();

      const first = await one.count(second, caller);
      await sleep(first.resetInMs - 200);
      const last = await one.count(second, caller);
      await sleep(last.resetInMs + 20);
      const next = await one.count(second, caller);

      expect([first.count, last.count, next.count]).toEqual([1, 2, 1]);
    });

    it('keeps callers under the names they are given, and no key without an end', async () => {
      const caller = `192.0.2.1 ${randomUUID()}`;
      const key = `zkvault:rate:default:60:${nameOf(caller)}`;
      const client = new Redis(url);
      await client.set(key, 7);

      const tally = await one.count(rule, caller);
      const left = await client.pttl(key);
      client.disconnect();

      expect(tally).toEqual({ count: 8, resetInMs: 60_000 });
      expect(left).toBeGreaterThan(55_000);
    });
  },
);

describe.skipIf(program === undefined)(
  'a Redis that goes away (needs a redis-server, or Debian’s archive)',
  () => {
    it.for([
      ['is stuck', (redis: TemporaryRedis) => redis.pause(), (redis: TemporaryRedis) => redis.resume()],
      ['has crashed', (redis: TemporaryRedis) => redis.kill(), (redis: TemporaryRedis) => redis.restart()],
    ] as const)(
      'because it %s costs a quarter of a second once, and two lines of the log',
      async ([, end, begin]) => {
        if (program === undefined) throw new TypeError('this test needs a Redis');
        const redis = await startRedis(program);
        const events: string[] = [];
        const note = (fields: object) => void events.push((fields as { event: string }).event);
        const shared = await connectRedisRateCounter(redis.url, nameOf);
        const counter = makeSteadyRateCounter({
          shared,
          local: makeMemoryRateCounter(),
          logger: { info: note, warn: note },
        });
        await counter.count(rule, 'ada');

        await end(redis);
        const startedAt = performance.now();
        const without: number[] = [];
        for (let index = 0; index < 20; index += 1) without.push((await counter.count(rule, 'ada')).count);
        const took = performance.now() - startedAt;
        await begin(redis);
        const deadline = Date.now() + 10_000;
        while (events.length < 2 && Date.now() < deadline) {
          await sleep(100);
          await counter.count(rule, 'ada');
        }
        await counter.close();
        await redis.kill();

        expect(without).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
        expect(took).toBeLessThan(600);
        expect(events).toEqual(['rate_limit_store_lost', 'rate_limit_store_back']);
      },
    );
  },
);

describe('a Redis that was never there', () => {
  it('does not hold up the start, and requests are counted here', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const events: object[] = [];
    const startedAt = performance.now();

    const shared = await connectRedisRateCounter(url, nameOf);
    const counter = makeSteadyRateCounter({
      shared,
      local: makeMemoryRateCounter(),
      logger: { info: (fields) => void events.push(fields), warn: (fields) => void events.push(fields) },
    });
    const tallies = [await counter.count(rule, 'ada'), await counter.count(rule, 'ada')];
    await counter.close();

    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(tallies.map(({ count }) => count)).toEqual([1, 2]);
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain(url);
  });
});
