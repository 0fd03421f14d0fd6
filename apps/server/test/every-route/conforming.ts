/** @file What every answer must be, whatever was asked: a declared one, with the headers of all, and mute about the server. */
import { type ProblemCode, problems, problemType } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';

/** Headers of every answer, with the values that the API promises. */
const everyHeader: Readonly<Record<string, RegExp>> = {
  'cache-control': /^no-store$/,
  'content-security-policy':
    /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'permissions-policy': /./,
  'referrer-policy': /^no-referrer$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'x-request-id': /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
};

/** Headers that some answers have beside those; any other is a disclosure nobody has thought about. */
const otherHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'etag',
  'keep-alive',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'set-cookie',
  'transfer-encoding',
  'vary',
  'www-authenticate',
]);

/** What no refusal may say: parts of stacks, paths, SQL, libraries and schemas. */
const TELL_TALE =
  /\bat \S+ \(|\bat file:|node_modules|\/(?:home|usr|tmp|var|root)\/|\.[cm]?[jt]s:\d|\b(?:select|insert|update|delete)\s.*\b(?:from|into|set)\b|relation "|column "|syntax error|constraint|SQLSTATE|postgres|pglite|kysely|fastify|FST_|typebox|\bajv\b|must (?:be|have|match|NOT)|Error:|undefined|\[object/i;

/** Members that a problem may have, with what they may hold. */
const problemMembers: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => typeof value === 'string',
  title: (value) => typeof value === 'string',
  status: (value) => typeof value === 'number',
  code: (value) => typeof value === 'string',
  requestId: (value) => typeof value === 'string',
  seq: (value) => Number.isSafeInteger(value),
  errors: (value) => Array.isArray(value) && value.length === 1 && value.every(isFault),
};

/** A place below one part of the request, by plain names only, and a code of one word or two. */
function isFault(value: unknown): boolean {
  const { pointer, code, ...rest } = value as Record<string, unknown>;
  return (
    Object.keys(rest).length === 0 &&
    typeof pointer === 'string' &&
    /^\/(?:body|query|path|headers)(?:\/(?:[A-Za-z][A-Za-z0-9_-]{0,30}|\d{1,4}))*$/.test(pointer) &&
    typeof code === 'string' &&
    /^[a-z-]{2,20}$/.test(code)
  );
}

/** What of an answer is not as it must be; empty if all is well. */
export function faultsOf(response: LightMyRequestResponse): readonly string[] {
  const { statusCode, headers, body } = response;
  const faults: string[] = [];
  if (statusCode >= 500) faults.push(`status ${statusCode}`);
  for (const [name, expected] of Object.entries(everyHeader))
    if (!expected.test(String(headers[name]))) faults.push(`header ${name}`);
  for (const name of Object.keys(headers))
    if (everyHeader[name] === undefined && !otherHeaders.has(name)) faults.push(`unknown header ${name}`);
  if (statusCode === 204 && body !== '') faults.push('a body with 204');
  if (statusCode >= 400 && body !== '') faults.push(...problemFaults(response));
  return faults;
}

function problemFaults({ statusCode, headers, body }: LightMyRequestResponse): readonly string[] {
  if (headers['content-type'] !== 'application/problem+json; charset=utf-8') return ['not a problem'];
  const problem = JSON.parse(body) as Record<string, unknown>;
  const faults = Object.entries(problem)
    .filter(([name, value]) => problemMembers[name]?.(value) !== true)
    .map(([name]) => `problem member ${name}`);
  const code = problem['code'] as ProblemCode;
  const known = problems[code];
  if (known?.status !== statusCode || problem['status'] !== statusCode) faults.push('status of the problem');
  if (problem['title'] !== known?.title || problem['type'] !== problemType(code))
    faults.push('title of the problem');
  if (problem['requestId'] !== headers['x-request-id']) faults.push('request id');
  const { errors: _errors, title: _title, ...rest } = problem;
  if (TELL_TALE.test(JSON.stringify(rest))) faults.push('words that only the server knows');
  return faults;
}

/** A test fails if a request takes longer than this: nothing here waits for anything that long. */
const PATIENCE_MS = 20_000;

/** The answer, or an error once it takes so long that it may never come. */
export async function boundedBy<Answer>(answer: Promise<Answer>, what: string): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms: ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
