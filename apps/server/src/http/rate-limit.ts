/**
 * @file Counts requests and refuses those beyond the limit, before anything of a request costs anything.
 * [Note: Rate limits] Who has shown the access token of a session counts under that session, everybody
 * else under the address; logins, registrations and refreshes always count under the address, each kind
 * by itself. Pages, documents and probes are not counted. See docs/adr/0012-rate-limits.md.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clientNetwork } from '../lib/address-prefix.ts';
import type { RateCounter, RateLimit, RateRule, Tally } from '../lib/rate-limit/rate-counter.ts';
import type { RateLimits } from '../lib/rate-limit/rate-limits.ts';
import { ServiceError } from '../lib/service-error.ts';
import { contractOf } from './contract-route.ts';
import { bearerToken } from './session-guard.ts';

/** What the limiter works with. */
export interface RateLimitDeps {
  readonly limits: RateLimits;
  readonly counter: RateCounter;
  /**
   * The session that an access token names, from its signature alone: no database is asked.
   *
   * @param accessToken untrusted.
   * @returns undefined if it is no token of this server, or has expired.
   */
  readonly sessionOf: (accessToken: string) => Promise<string | undefined>;
}

/** Limits every request below `app`; every answer to a counted request says what is left. */
export function registerRateLimit(app: FastifyInstance, deps: RateLimitDeps): void {
  app.addHook('onRequest', async (request, reply) => {
    const counted = await countedAs(request, deps);
    if (counted === undefined) return;
    const { rule, caller } = counted;
    const tally = await deps.counter.count(rule, caller);
    void reply.headers(rateLimitHeaders(rule, tally));
    if (tally.count > rule.limit)
      throw new ServiceError('rate-limited', { retryAfterSeconds: secondsLeft(tally) });
  });
}

interface Counted {
  readonly rule: RateRule;
  readonly caller: string;
}

/** Under which rule and whom a request counts; undefined if it does not count. */
async function countedAs(
  request: FastifyRequest,
  { limits, sessionOf }: RateLimitDeps,
): Promise<Counted | undefined> {
  const contract = contractOf(request);
  // Pages and documents are routes without a contract.
  if (contract === undefined && !request.is404) return undefined;
  const kind = contract?.rateLimit;
  if (kind === 'none') return undefined;
  if (kind !== undefined) return underRule(kind, limits[kind], clientNetwork(request.ip));
  const token = bearerToken(request.headers.authorization);
  const session = token === undefined ? undefined : await sessionOf(token);
  return session === undefined
    ? underRule('default', limits.default, clientNetwork(request.ip))
    : underRule('session', limits.session, session);
}

function underRule(name: keyof RateLimits, limit: RateLimit | 'off', caller: string): Counted | undefined {
  return limit === 'off' ? undefined : { rule: { name, ...limit }, caller };
}

/** The structured fields of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it. */
function rateLimitHeaders(rule: RateRule, tally: Tally): Readonly<Record<string, string>> {
  const left = Math.max(0, rule.limit - tally.count);
  return {
    'ratelimit-policy': `"${rule.name}";q=${rule.limit};w=${rule.windowSeconds}`,
    ratelimit: `"${rule.name}";r=${left};t=${secondsLeft(tally)}`,
  };
}

/** Whole seconds after which the window has surely ended. */
function secondsLeft({ resetInMs }: Tally): number {
  return Math.max(1, Math.ceil(resetInMs / 1_000));
}
