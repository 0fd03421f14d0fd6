/** @file How many requests are let in, as the operator says. */
import type { EnvironmentReader } from '../environment.ts';
import { integerBetween } from '../parse-setting.ts';
import type { RateLimit } from './rate-counter.ts';

/** The limits by what is counted; `off` counts and refuses nothing. */
export interface RateLimits {
  /** Per address, for requests without a session and of no kind below. */
  readonly default: RateLimit | 'off';
  /** Per session. */
  readonly session: RateLimit | 'off';
  /** Per API key; a key's own limit can only be lower. */
  readonly apiKey: RateLimit | 'off';
  /** Per address. */
  readonly login: RateLimit | 'off';
  /** Per address. */
  readonly register: RateLimit | 'off';
  /** Per address. */
  readonly refresh: RateLimit | 'off';
}

const MAX_LIMIT = 1_000_000;
const WINDOW_SECONDS = { second: 1, minute: 60, hour: 3_600 } as const;

/**
 * The limit of one API key: the server's, or the key's own where that lets less through.
 *
 * @param own requests a minute; null for none.
 */
export function apiKeyLimit(limit: RateLimit | 'off', own: number | null): RateLimit | 'off' {
  if (own === null) return limit;
  const isLower = limit === 'off' || own / WINDOW_SECONDS.minute < limit.limit / limit.windowSeconds;
  return isLower ? perMinute(own) : limit;
}

/** Reads the limits; what is wrong is noted with the reader. */
export function readRateLimits(env: EnvironmentReader): RateLimits {
  const read = (name: string, fallback: number): RateLimit | 'off' =>
    env.read(
      { name, wish: 'must be such as 5/minute (second, minute or hour), or off', parse: rateLimitFrom },
      perMinute(fallback),
    );
  return {
    default: env.read(
      {
        name: 'RATE_LIMIT_PER_MINUTE',
        wish: `must be a number from 1 to ${MAX_LIMIT}, or off`,
        parse: parsePerMinute,
      },
      perMinute(60),
    ),
    session: read('SESSION_RATE_LIMIT', 600),
    apiKey: read('API_KEY_RATE_LIMIT', 600),
    login: read('LOGIN_RATE_LIMIT', 5),
    register: read('REGISTER_RATE_LIMIT', 3),
    refresh: read('REFRESH_RATE_LIMIT', 10),
  };
}

function perMinute(limit: number): RateLimit {
  return { limit, windowSeconds: WINDOW_SECONDS.minute };
}

/** A number of requests in a minute, or `off` (also `0`) for no limit. */
function parsePerMinute(text: string): RateLimit | 'off' | undefined {
  return text === 'off' || text === '0' ? 'off' : rateLimitFrom(`${text}/minute`);
}

/** `<integer>/<second|minute|hour>`, or `off` (also `0`) for no limit. */
export function rateLimitFrom(text: string): RateLimit | 'off' | undefined {
  if (text === 'off' || text === '0') return 'off';
  const [, amount = '', unit] = /^(\d+)\/(second|minute|hour)$/.exec(text) ?? [];
  const limit = integerBetween(1, MAX_LIMIT)(amount);
  if (limit === undefined) return undefined;
  return { limit, windowSeconds: WINDOW_SECONDS[unit as keyof typeof WINDOW_SECONDS] };
}

/** The text of a limit, as {@link rateLimitFrom} reads it. */
export function rateLimitText(limit: RateLimit | 'off'): string {
  if (limit === 'off') return 'off';
  const [unit] = Object.entries(WINDOW_SECONDS).find(([, seconds]) => seconds === limit.windowSeconds) ?? [];
  if (unit === undefined) throw new RangeError('a rate limit is of a second, a minute or an hour');
  return `${limit.limit}/${unit}`;
}
