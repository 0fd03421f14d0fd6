/**
 * @file Every request of the SDK goes through here, and every answer is taken for hostile
 * (docs/protocol.md section 12). One base URL from the configuration; no redirect; no cookie;
 * no URL, header or field of an answer decides where or what is sent next.
 */
import {
  type AnswerOf,
  type BodyOf,
  DecodeError,
  decode,
  type ParamsOf,
  type QueryOf,
  type RouteContract,
} from '@zkvault/contract';
import { ProtocolError, ZkvaultError } from '@zkvault/crypto-core';
import { RateLimitError, TransportError } from './errors.ts';
import type { Fetch } from './options.ts';
import { refusalOf } from './problem-errors.ts';
import { abortable, discardBody, hasMediaType, readJsonBody } from './response-body.ts';
import { sleep } from './sleep.ts';

/** Largest answer of a route that is not in the table below, in bytes. */
const DEFAULT_RESPONSE_BYTES = 65_536;

/**
 * Largest answers of the others. A login, or an API key, has up to 100 vaults of about 2 KiB each; a page of
 * changes holds at least 64 entries of the largest size.
 */
const RESPONSE_BYTES: { readonly [operationId: string]: number } = {
  login: 524_288,
  getKeyMaterial: 524_288,
  recover: 524_288,
  completeRecovery: 524_288,
  listUsers: 524_288,
  listSessions: 524_288,
  listInvitations: 524_288,
  listAuditEvents: 524_288,
  listSecurityEvents: 524_288,
  getApiKeySelf: 524_288,
  getChanges: 33_554_432,
  // Ten versions of the largest size.
  listEntryVersions: 4_194_304,
};

const EVENT_STREAM = 'text/event-stream';

const MAX_ATTEMPTS = 3;
const RETRY_BASE_MS = 200;
/** A server that asks for a longer wait than this gets no retry: the caller decides. */
const MAX_RETRY_WAIT_MS = 5_000;

/** What is sent. */
export interface Request<Route extends RouteContract> {
  readonly params?: ParamsOf<Route>;
  readonly query?: QueryOf<Route>;
  readonly body?: BodyOf<Route>;
  readonly accessToken?: string;
  /** The credential of an API key, never the whole. */
  readonly apiKey?: string;
  readonly idempotencyKey?: string;
  /** Where a stream shall go on. */
  readonly lastEventId?: string;
}

/** How it is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** True if sending it twice is as good as once; only then is a failed request sent again. */
  readonly idempotent?: boolean;
  /** True if it is also sent again after the server said it was too busy to begin, and gains nothing by lying. */
  readonly againIfOverloaded?: boolean;
}

/** Sends one request of the contract. */
export interface Transport {
  /**
   * @returns the decoded answer: known fields only.
   * @throws {TransportError} @throws {ProtocolError} @throws {AuthError} @throws {ConflictError}
   * @throws {NotFoundError} @throws {RateLimitError}
   * @throws the signal's reason, if it aborts.
   */
  call<const Route extends RouteContract>(
    route: Route,
    request: Request<Route>,
    options?: SendOptions,
  ): Promise<AnswerOf<Route>>;

  /**
   * Opens a stream of events. The timeout is that of its beginning.
   *
   * @returns its bytes, untrusted.
   * @throws as {@link Transport.call}.
   */
  open(
    route: RouteContract,
    request: Request<RouteContract>,
    options: SendOptions & { readonly signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array>>;
}

/** Makes the transport of one server. */
export function makeTransport(config: {
  /** Checked origin and path, without a slash at the end. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
}): Transport {
  async function send(route: RouteContract, request: Request<RouteContract>, options: SendOptions) {
    const deadline = AbortSignal.timeout(options.timeoutMs ?? config.timeoutMs);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
    const maybeApplied = route.method !== 'GET';
    try {
      const url = `${config.baseUrl}${pathOf(route, request)}`;
      const response = await abortable(config.fetch(url, initOf(route, request, signal)), signal);
      return await readAnswer(route, response, signal);
    } catch (error) {
      if (options.signal?.aborted === true) throw options.signal.reason as Error;
      if (deadline.aborted)
        throw new TransportError('timeout', 'the server did not answer in time', { maybeApplied });
      if (error instanceof ZkvaultError) throw error;
      throw new TransportError('network', 'the server cannot be reached', { cause: error, maybeApplied });
    }
  }

  return {
    async call(route, request, options = {}) {
      options.signal?.throwIfAborted();
      for (let attempt = 1; ; attempt += 1) {
        try {
          return (await send(route, request, options)) as AnswerOf<typeof route>;
        } catch (error) {
          const waitMs = mayBeSentAgain(error, options) ? retryWaitMs(error, attempt) : undefined;
          if (waitMs === undefined) throw error;
          await sleep(waitMs, options.signal);
        }
      }
    },
    async open(route, request, options) {
      options.signal.throwIfAborted();
      const opening = new AbortController();
      const timer = setTimeout(() => opening.abort(), options.timeoutMs ?? config.timeoutMs);
      const signal = AbortSignal.any([options.signal, opening.signal]);
      try {
        const url = `${config.baseUrl}${pathOf(route, request)}`;
        const response = await abortable(config.fetch(url, initOf(route, request, signal)), signal);
        return await readOpening(route, response, signal);
      } catch (error) {
        options.signal.throwIfAborted();
        if (opening.signal.aborted) throw new TransportError('timeout', 'the server did not answer in time');
        if (error instanceof ZkvaultError) throw error;
        throw new TransportError('network', 'the server cannot be reached', { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function pathOf(route: RouteContract, request: Request<RouteContract>): string {
  const params = (request.params ?? {}) as Readonly<Record<string, string>>;
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name]!));
  const query = new URLSearchParams();
  const asked: Readonly<Record<string, unknown>> = request.query ?? {};
  for (const [name, value] of Object.entries(asked))
    if (typeof value === 'string' || typeof value === 'number') query.set(name, `${value}`);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function initOf(route: RouteContract, request: Request<RouteContract>, signal: AbortSignal): RequestInit {
  const mediaType = 'events' in route.success ? EVENT_STREAM : 'application/json';
  const headers: Record<string, string> = { accept: `${mediaType}, application/problem+json` };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (request.accessToken !== undefined) headers['authorization'] = `Bearer ${request.accessToken}`;
  if (request.apiKey !== undefined) headers['x-api-key'] = request.apiKey;
  if (request.idempotencyKey !== undefined) headers['idempotency-key'] = request.idempotencyKey;
  if (request.lastEventId !== undefined) headers['last-event-id'] = request.lastEventId;
  return {
    method: route.method,
    headers,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    signal,
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
  };
}

async function readOpening(
  route: RouteContract,
  response: Response,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  await assertSuccess(route, response, signal);
  if (hasMediaType(response, EVENT_STREAM) && response.body !== null) return response.body;
  await discardBody(response);
  throw new ProtocolError('response-malformed', `the answer is not ${EVENT_STREAM}`);
}

/** Throws unless the answer has the status of the contract, from where the request was sent to. */
async function assertSuccess(route: RouteContract, response: Response, signal: AbortSignal): Promise<void> {
  if (response.redirected || response.type === 'opaqueredirect') {
    await discardBody(response);
    throw new TransportError('redirect-refused', 'the server sends the request elsewhere');
  }
  if (!response.ok) throw await refusalOf(response, signal, route.method !== 'GET');
  if (response.status === route.success.status) return;
  await discardBody(response);
  throw new ProtocolError(
    'response-malformed',
    `an answer of status ${response.status} is not in the contract`,
  );
}

async function readAnswer(route: RouteContract, response: Response, signal: AbortSignal): Promise<unknown> {
  await assertSuccess(route, response, signal);
  const { success } = route;
  if (!('body' in success)) {
    await discardBody(response);
    return undefined;
  }
  const maxBytes = RESPONSE_BYTES[route.operationId] ?? DEFAULT_RESPONSE_BYTES;
  const value = await readJsonBody(response, { mediaType: 'application/json', maxBytes, signal });
  try {
    return decode(success.body, value);
  } catch (error) {
    if (error instanceof DecodeError)
      throw new ProtocolError('response-malformed', error.message, { cause: error });
    throw error;
  }
}

const TRANSIENT: readonly string[] = ['network', 'server-failure', 'overloaded'];

function mayBeSentAgain(
  error: unknown,
  { idempotent, againIfOverloaded }: SendOptions,
): error is RateLimitError | TransportError {
  if (error instanceof RateLimitError) return idempotent === true;
  if (!(error instanceof TransportError)) return false;
  return idempotent === true
    ? TRANSIENT.includes(error.code)
    : againIfOverloaded === true && error.code === 'overloaded';
}

/** How long to wait before the next attempt; undefined if there must be none. */
function retryWaitMs(error: RateLimitError | TransportError, attempt: number): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const asked = error.retryAfterSeconds;
  if (asked === undefined && error instanceof RateLimitError) return undefined;
  const backoffMs = RETRY_BASE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
  const waitMs = Math.max(backoffMs, (asked ?? 0) * 1_000);
  return waitMs <= MAX_RETRY_WAIT_MS ? waitMs : undefined;
}
