/** @file Sends an operation what its schema says, spoilt in every way, and says what was wrong with the answers. */
import type { LightMyRequestResponse } from 'fastify';
import type { TestServer } from '../test-server.ts';
import type { Member } from './cast.ts';
import { boundedBy, faultsOf } from './conforming.ts';
import { hostileTexts, spoilText, spoilValue } from './mutations.ts';
import { fillPath, type Operation } from './operations.ts';
import { allRequired, fittingParts, type RequestParts, searchOf, withRightValues } from './requests.ts';
import { makeSeededRandom, type SeededRandom } from './seeded-random.ts';

/** A request, ready to be sent, by `inject` or over a socket. */
export interface FuzzRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string | Buffer;
}

/** Who sends and whose things are named. */
export interface FuzzCast {
  readonly member: Member;
  readonly stranger: Member;
}

/** Makes requests for an operation, for ever different. */
export interface RequestMaker {
  next(cast: FuzzCast): FuzzRequest;
}

/** How many bodies are generated from the schema for one maker; each is spoilt many times. */
const POOL = 40;

/** Makes a maker; the same seed gives the same requests, but for ids. */
export function makeRequestMaker(operation: Operation, seed: number): RequestMaker {
  // What may be left out hardly ever is in the first; some requests bring only what they must, and get further.
  const pool = [
    ...fittingParts(operation.route, POOL, seed),
    ...fittingParts(allRequired(operation.route), POOL / 4, seed),
  ];
  const random = makeSeededRandom(seed);
  return { next: (cast) => makeRequest(operation, random.pick(pool), cast, random) };
}

function makeRequest(
  { route, path }: Operation,
  fitting: RequestParts,
  { member, stranger }: FuzzCast,
  random: SeededRandom,
): FuzzRequest {
  const parts = random.chance(0.8) ? withRightValues(fitting, member, route) : fitting;
  const spoilt = random.pick([
    'nothing',
    'body',
    'body',
    'body',
    'text',
    'query',
    'headers',
    'path',
    'all',
  ] as const);
  const isSpoilt = (part: typeof spoilt): boolean => spoilt === part || spoilt === 'all';
  const ids = random.chance(0.85) ? member.ids : stranger.ids;
  const url = fillPath(path, ({ kind }) =>
    isSpoilt('path') ? random.pick(strangeSegments) : (ids[kind] ?? ''),
  );
  const search = searchOf(Object.entries(parts.query));
  const query = isSpoilt('query') ? spoilSearch(search, random) : search;
  const payload = payloadOf(route, parts.body, spoilt, random);
  return {
    method: route.method,
    url: query === '' ? url : `${url}?${query}`,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(random.chance(0.97) ? { authorization: `Bearer ${member.token}` } : {}),
      ...parts.headers,
      ...(isSpoilt('headers') ? Object.fromEntries([1, 2].map(() => random.pick(strangeHeaders))) : {}),
    },
    ...(payload === undefined ? {} : { payload }),
  };
}

function payloadOf(
  { body: schema }: Operation['route'],
  body: unknown,
  spoilt: string,
  random: SeededRandom,
): string | Buffer | undefined {
  if (schema === undefined)
    return spoilt === 'body' || spoilt === 'all' ? random.pick(['{}', '[]', 'x', '']) : undefined;
  const isValueSpoilt = spoilt === 'body' || spoilt === 'all';
  // One hostile value in a body that is else as it should be gets further than a body that is wrong all over.
  const value: unknown = isValueSpoilt ? spoilValue(structuredClone(body), schema, random) : body;
  const text = JSON.stringify(value) ?? '';
  return spoilt === 'text' ? spoilText(text, random) : text;
}

const strangeSegments: readonly string[] = [
  '',
  '0',
  '-1',
  'me',
  'null',
  '%00',
  '%ff',
  '%zz',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '%2f',
  '__proto__',
  'constructor',
  '*',
  ':id',
  '{id}',
  'a'.repeat(99),
  'a'.repeat(100),
  'a'.repeat(101),
  'a'.repeat(5_000),
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-4000-8000-000000000000',
  '00000000-0000-4000-8000-000000000000%0a',
  '00000000-0000-4000-8000-00000000000A',
  '%7b00000000-0000-4000-8000-000000000000%7d',
  ...hostileTexts.filter((text) => text.isWellFormed()).map((text) => encodeURIComponent(text)),
];

const strangeHeaders: readonly (readonly [string, string])[] = [
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json; charset="'],
  ['content-type', 'text/plain'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', ''],
  ['content-type', 'application/json, application/json'],
  ['content-encoding', 'gzip'],
  ['content-length', '-1'],
  ['content-length', '99999999999'],
  ['content-length', 'x'],
  ['transfer-encoding', 'chunked'],
  ['expect', '100-continue'],
  ['accept', 'text/html'],
  ['accept', '\u00ff'],
  ['range', 'bytes=0-1'],
  ['if-none-match', '*'],
  ['if-match', '*'],
  ['if-match', 'W/"1"'],
  ['if-match', '"1", "2"'],
  ['if-match', '"99999999999999999999"'],
  ['if-match', `"${'1'.repeat(40)}"`],
  ['idempotency-key', ''],
  ['idempotency-key', 'k'.repeat(128)],
  ['idempotency-key', 'k'.repeat(129)],
  ['idempotency-key', "' or 1=1"],
  ['idempotency-key', '\u0001'],
  ['last-event-id', '-1'],
  ['x-request-id', 'not-a-uuid'],
  ['x-request-id', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`],
  ['x-request-id', '\r\nx: y'],
  ['x-forwarded-for', '127.0.0.1, ::1, not-an-address'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-host', 'evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['x-original-url', '/api/v1/admin/config'],
  ['x-api-key', 'zkv_x_y_z'],
  ['host', ''],
  ['host', 'a b'],
  ['origin', 'null'],
  ['origin', 'https://evil.example'],
  ['cookie', '__Host-zkvault-refresh=x'],
  ['cookie', '=; ;;; a'],
  ['cookie', `a=${'%'.repeat(100)}`],
  ['cookie', '__proto__=1; constructor=2'],
  ['user-agent', 'x'.repeat(5_000)],
  ['user-agent', '\u0000\u001b[31m'],
  ['__proto__', 'x'],
  ['authorization', 'Bearer'],
  ['authorization', 'Basic Og=='],
];

const strangeQueries: readonly string[] = [
  'limit=0',
  'limit=1e3',
  'limit=%00',
  'limit=1&limit=2',
  'limit[]=1',
  'limit[$gt]=1',
  'limit=9007199254740993',
  'cursor=AAAA',
  'cursor=x',
  'cursor=%ff',
  `cursor=${'A'.repeat(64)}`,
  `cursor=${'A'.repeat(65)}`,
  'cursor=__proto__',
  'since=9007199254740991',
  'since=-1',
  'page=1000000&perPage=100',
  '__proto__[admin]=1',
  '__proto__=1',
  'constructor.prototype.admin=1',
  'toString=1',
  '=',
  '&&&',
  '%',
  '%zz=1',
  '?',
  '#',
  'a=%e0%a4%a',
  `a=${'b'.repeat(5_000)}`,
  Array.from({ length: 500 }, (_, index) => `a${index}=1`).join('&'),
  "from='%20or%201=1",
  'from=0000-00-00T00:00:00.000Z',
  'to=2026-02-31T00:00:00.000Z',
];

function spoilSearch(search: string, random: SeededRandom): string {
  const strange = random.pick(strangeQueries);
  if (search === '' || random.chance(0.3)) return strange;
  if (random.chance(0.4)) return `${search}&${strange}`;
  const at = random.below(search.length);
  return `${search.slice(0, at)}${encodeURIComponent(random.pick(hostileTexts).toWellFormed())}${search.slice(at)}`;
}

/** What is wrong with an answer, with what it takes to ask again; undefined if nothing is. */
export function complaint(
  response: LightMyRequestResponse,
  request: FuzzRequest,
  where: string,
): string | undefined {
  const faults = faultsOf(response);
  if (faults.length === 0) return undefined;
  const shown = JSON.stringify({ ...request, payload: request.payload?.toString('latin1').slice(0, 2_000) });
  return `${where}: ${faults.join(', ')}; asked ${shown}; got ${response.statusCode} ${response.body.slice(0, 300)}`;
}

/** Sends a request through `inject`, and does not wait for ever. */
export function inject({ app }: TestServer, request: FuzzRequest): Promise<LightMyRequestResponse> {
  const { method, ...rest } = request;
  const answer = app.inject({ ...rest, method: method as 'GET' });
  return boundedBy(answer, `${method} ${request.url}`);
}
