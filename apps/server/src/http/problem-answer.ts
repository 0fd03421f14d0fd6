/** @file What a refusal looks like on the wire (RFC 9457). Status and title come from the contract's table. */
import { type Problem, type ProblemCode, problems, problemType } from '@zkvault/contract';
import type { RefusalFacts } from '../lib/service-error.ts';

/** Media type of every answer that is not 2xx. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** When a client may try again after a 503 that does not say. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/** One refusal, ready to be written. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** Makes the answer for a code. */
export function problemAnswer(code: ProblemCode, requestId: string, facts: RefusalFacts = {}): ProblemAnswer {
  const { status, title } = problems[code];
  return {
    status,
    headers: { 'content-type': PROBLEM_MEDIA_TYPE, ...headersOf(status, code, facts) },
    body: {
      type: problemType(code),
      title,
      status,
      code,
      requestId,
      ...(facts.errors === undefined ? {} : { errors: [...facts.errors] }),
      ...(facts.seq === undefined ? {} : { seq: facts.seq }),
    },
  };
}

function headersOf(status: number, code: ProblemCode, facts: RefusalFacts): Record<string, string> {
  const headers: Record<string, string> = {};
  if (code === 'invalid-token') headers['www-authenticate'] = 'Bearer';
  if (code === 'invalid-api-key') headers['www-authenticate'] = 'ApiKey';
  if (status === 503 || facts.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(facts.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS);
  if (facts.version !== undefined) headers['etag'] = `"${facts.version}"`;
  return headers;
}
