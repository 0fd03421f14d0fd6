/** Two servers, each with a database of its own and one Redis between them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@zkvault/contract';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { type RunningServer, startServer } from '../src/start-server.ts';
import { findRedis, startRedis, type TemporaryRedis } from './temporary-redis.ts';

const program = await findRedis();

describe.skipIf(program === undefined)(
  'two servers on one Redis (needs a redis-server, or Debian’s archive)',
  () => {
    const serverKey = `test:${randomBytes(32).toString('base64url')}`;
    const logLines: string[] = [];
    const directories: string[] = [];
    let redis: TemporaryRedis;
    let one: RunningServer;
    let other: RunningServer;

    const start = async (): Promise<RunningServer> => {
      const directory = await mkdtemp(join(tmpdir(), 'zkvault-limits-'));
      directories.push(directory);
      const config = loadConfig({
        HOST: '127.0.0.1',
        PORT: '0',
        ZKVAULT_DATA_DIR: directory,
        SERVER_KEYS: serverKey,
        REDIS_URL: redis.url,
        RATE_LIMIT_PER_MINUTE: '6',
        // Both run on this process's loop: opening the second's database holds up the first.
        MAX_EVENT_LOOP_DELAY_MS: 'off',
      });
      const logger = pino({ level: 'info' }, { write: (line: string) => logLines.push(line) });
      return startServer(config, { logger });
    };

    beforeAll(async () => {
      if (program === undefined) return;
      redis = await startRedis(program);
      one = await start();
      other = await start();
    });
    afterAll(async () => {
      await one.close();
      await other.close();
      await redis.kill();
      for (const directory of directories) await rm(directory, { recursive: true });
    });

    const ask = (server: RunningServer, method: 'GET' | 'POST', path: string): Promise<Response> =>
      fetch(`${server.url}${path}`, { method });

    it('refuse the sixth login in a minute, whichever they were sent to', async () => {
      const statuses: number[] = [];
      for (const server of [one, other, one, other, one])
        statuses.push((await ask(server, 'POST', '/api/v1/auth/login')).status);

      const sixth = await ask(other, 'POST', '/api/v1/auth/login');

      expect(statuses).toEqual([422, 422, 422, 422, 422]);
      expect(sixth.status).toBe(429);
      expect(await sixth.json()).toMatchObject({ code: 'rate-limited' } satisfies Partial<Problem>);
      expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(50);
    });

    it('let exactly as many of many parallel requests through', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          ask(index % 2 === 0 ? one : other, 'GET', '/api/v1/auth/policy'),
        ),
      );

      expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(34);
    });

    it('keep no address in Redis', async () => {
      const client = new Redis(redis.url);
      const keys = await client.keys('*');
      client.disconnect();

      expect(keys.length).toBeGreaterThanOrEqual(2);
      for (const key of keys) expect(key).toMatch(/^zkvault:rate:(?:login|default):60:[\w-]{43}$/);
    });

    it('count on alone when Redis crashes, refuse no one else for it, and say so once each', async () => {
      await redis.kill();

      const statuses: number[] = [];
      for (let index = 0; index < 7; index += 1)
        statuses.push((await ask(one, 'GET', '/api/v1/auth/policy')).status);
      const login = await ask(other, 'POST', '/api/v1/auth/login');
      const probe = await ask(one, 'GET', '/readyz');

      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);
      expect([login.status, probe.status]).toEqual([422, 200]);
      expect(logLines.filter((line) => line.includes('"rate_limit_store_lost"'))).toHaveLength(2);
    });
  },
);
