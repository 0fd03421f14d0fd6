/**
 * @file Counts requests and refuses those beyond the limit, before anything of a request costs anything.
 * [Note: Rate limits] Who has shown the access token of a session counts under that session, and who shows an
 * API key that was right before under that key, everybody else under the address; logins, registrations and refreshes always count under the address, each kind
 * by itself. Pages, documents and probes are not counted. See docs/adr/0012-rate-limits.md.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientNetwork } from '../lib/address-prefix.ts';
import type { RateCounter, RateLimit, RateRule, Tally } from '../lib/rate-limit/rate-counter.ts';
import { apiKeyLimit, type RateLimits } from '../lib/rate-limit/rate-limits.ts';
import { ServiceError } from '../lib/service-error.ts';
import { apiKeyCredential } from './api-key-header.ts';
import { contractOf } from './contract-route.ts';
import { bearerToken } from './session-guard.ts';

/** What the limiter works with. */
export interface RateLimitDeps {
  /** As they hold now; asked at every request. */
  readonly limits: () => RateLimits;
  readonly counter: RateCounter;
  /**
   * The session that an access token names, from its signature alone: no database is asked.
   *
   * @param accessToken untrusted.
   * @returns undefined if it is no token of this server, or has expired.
   */
  readonly sessionOf: (accessToken: string) => Promise<string | undefined>;
  /**
   * The API key of a credential that was right before; no database is asked.
   *
   * @param credential untrusted.
   */
  readonly apiKeyOf: (credential: string) => CountedApiKey | undefined;
}

/** An API key, and its own limit in requests a minute. */
export interface CountedApiKey {
  readonly apiKeyId: string;
  readonly rateLimit: number | null;
}

/** Counts what is known only later than the first hook. */
export interface RateLimiter {
  /**
   * Counts a request under an API key, unless that was done before its credential was looked up.
   *
   * @throws {ServiceError} `rate-limited`.
   */
  countApiKey(request: FastifyRequest, reply: FastifyReply, apiKey: CountedApiKey): Promise<void>;
}

/** Limits every request below `app`; every answer to a counted request says what is left. */
export function registerRateLimit(app: FastifyInstance, deps: RateLimitDeps): RateLimiter {
  const countedByKey = new WeakSet<FastifyRequest>();

  async function count(reply: FastifyReply, counted: Counted | undefined): Promise<void> {
    if (counted === undefined) return;
    const { rule, caller } = counted;
    const tally = await deps.counter.count(rule, caller);
    void reply.headers(rateLimitHeaders(rule, tally));
    if (tally.count > rule.limit)
      throw new ServiceError('rate-limited', { retryAfterSeconds: secondsLeft(tally) });
  }

  app.addHook('onRequest', async (request, reply) => {
    const apiKey = knownApiKey(request, deps);
    if (apiKey !== undefined) countedByKey.add(request);
    await count(
      reply,
      apiKey === undefined ? await countedAs(request, deps) : underApiKey(deps.limits(), apiKey),
    );
  });
  return {
    async countApiKey(request, reply, apiKey) {
      if (!countedByKey.has(request)) await count(reply, underApiKey(deps.limits(), apiKey));
    },
  };
}

/** The API key that a request shows, where its route takes one, if the key was right before. */
function knownApiKey(request: FastifyRequest, { apiKeyOf }: RateLimitDeps): CountedApiKey | undefined {
  const contract = contractOf(request);
  if (contract?.auth !== 'api-key' && contract?.apiKeyScope === undefined) return undefined;
  const credential = apiKeyCredential(request);
  return credential === undefined ? undefined : apiKeyOf(credential);
}

function underApiKey(limits: RateLimits, { apiKeyId, rateLimit }: CountedApiKey): Counted | undefined {
  return underRule('api-key', apiKeyLimit(limits.apiKey, rateLimit), apiKeyId);
}

interface Counted {
  readonly rule: RateRule;
  readonly caller: string;
}

/** Under which rule and whom a request counts; undefined if it does not count. */
async function countedAs(request: FastifyRequest, deps: RateLimitDeps): Promise<Counted | undefined> {
  const contract = contractOf(request);
  // Pages and documents are routes without a contract.
  if (contract === undefined && !request.is404) return undefined;
  const kind = contract?.rateLimit;
  if (kind === 'none') return undefined;
  const limits = deps.limits();
  if (kind !== undefined) return underRule(kind, limits[kind], clientNetwork(request.ip));
  const token = bearerToken(request.headers.authorization);
  const session = token === undefined ? undefined : await deps.sessionOf(token);
  return session === undefined
    ? underRule('default', limits.default, clientNetwork(request.ip))
    : underRule('session', limits.session, session);
}

function underRule(name: string, limit: RateLimit | 'off', caller: string): Counted | undefined {
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
