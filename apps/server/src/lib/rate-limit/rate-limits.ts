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
  /** Per address. */
  readonly login: RateLimit | 'off';
  /** Per address. */
  readonly register: RateLimit | 'off';
  /** Per address. */
  readonly refresh: RateLimit | 'off';
}

const MAX_LIMIT = 1_000_000;
const WINDOW_SECONDS = { second: 1, minute: 60, hour: 3_600 } as const;

/** Reads the limits; what is wrong is noted with the reader. */
export function readRateLimits(env: EnvironmentReader): RateLimits {
  const read = (name: string, fallback: number): RateLimit | 'off' =>
    env.read(
      { name, wish: 'must be such as 5/minute (second, minute or hour), or off', parse: parseRateLimit },
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
  return text === 'off' || text === '0' ? 'off' : parseRateLimit(`${text}/minute`);
}

/** `<integer>/<second|minute|hour>`, or `off` (also `0`) for no limit. */
function parseRateLimit(text: string): RateLimit | 'off' | undefined {
  if (text === 'off' || text === '0') return 'off';
  const [, amount = '', unit] = /^(\d+)\/(second|minute|hour)$/.exec(text) ?? [];
  const limit = integerBetween(1, MAX_LIMIT)(amount);
  if (limit === undefined) return undefined;
  return { limit, windowSeconds: WINDOW_SECONDS[unit as keyof typeof WINDOW_SECONDS] };
}
