/** @file Counts in Redis or Valkey, so that several servers count together. */
import { Redis } from 'ioredis';
import type { RateCounter } from './rate-counter.ts';

/** A request waits no longer than this for its count. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
const MAX_RECONNECT_WAIT_MS = 2_000;

/**
 * Counting and setting the end of the window are one step: a server that stops between two commands would
 * leave a count that never ends. A key without an end, whoever made it, gets one.
 */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return { count, left }
`;

/**
 * Connects, waiting at most a second; without a connection it goes on trying. Its `count` fails at once
 * while there is none, and after a quarter of a second if there is no answer.
 *
 * @param url `redis://` or `rediss://`.
 * @param nameOf gives the name under which a caller is kept, which should tell nobody who it is.
 */
export async function connectRedisRateCounter(
  url: string,
  nameOf: (caller: string) => string,
): Promise<RateCounter> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    // A count that was sent and not answered may have been taken: it is not sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, MAX_RECONNECT_WAIT_MS),
    protocol: 2,
    disableClientInfo: true,
  });
  // The failure is told to whoever counts; an event without a listener would end the process.
  redis.on('error', () => {});
  await redis.connect().catch(() => {});
  return {
    async count(rule, caller) {
      const key = `zkvault:rate:${rule.name}:${rule.windowSeconds}:${nameOf(caller)}`;
      return readTally(await redis.eval(COUNT, 1, key, rule.windowSeconds * 1_000));
    },
    close: async () => redis.disconnect(),
  };
}

function readTally(reply: unknown): { count: number; resetInMs: number } {
  const [count, resetInMs] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
  if (typeof count !== 'number' || typeof resetInMs !== 'number')
    throw new TypeError('redis gave another answer than the script does');
  return { count, resetInMs };
}
