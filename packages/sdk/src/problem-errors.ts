/** @file From a refusal on the wire to an error that says what the caller can do. */
import { DecodeError, decode, Problem, problems } from '@zkvault/contract';
import { ProtocolError, type ZkvaultError } from '@zkvault/crypto-core';
import {
  AuthError,
  ConflictError,
  NotFoundError,
  RateLimitError,
  SecondFactorRequiredError,
  TransportError,
} from './errors.ts';
import { discardBody, hasMediaType, readJsonBody } from './response-body.ts';

const PROBLEM_MAX_BYTES = 65_536;
const PROBLEM_TYPE = 'application/problem+json';
const CODE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Reads an answer that is not a success and gives the error it means.
 *
 * @param response untrusted; its words are never part of a message.
 * @param maybeApplied true if a failure of the server leaves open whether the request was carried out.
 */
export async function refusalOf(
  response: Response,
  signal: AbortSignal,
  maybeApplied: boolean,
): Promise<ZkvaultError> {
  const { status } = response;
  const retryAfterSeconds = retryAfter(response);
  if (!hasMediaType(response, PROBLEM_TYPE)) {
    await discardBody(response);
    return withoutProblem(status, retryAfterSeconds, maybeApplied);
  }
  const problem = readProblem(
    await readJsonBody(response, { mediaType: PROBLEM_TYPE, maxBytes: PROBLEM_MAX_BYTES, signal }),
  );
  if (problem.status !== status || !CODE.test(problem.code) || problem.code.length > 64)
    return new ProtocolError('response-malformed', 'the problem contradicts its own status');
  return ofProblem(status, problem.code, { retryAfterSeconds, maybeApplied });
}

function readProblem(value: unknown): Problem {
  try {
    return decode(Problem, value);
  } catch (error) {
    if (error instanceof DecodeError)
      throw new ProtocolError('response-malformed', 'the problem does not fit the contract');
    throw error;
  }
}

/** Refusals of what was proven or asked for, which have no status of their own. */
const refusedProofs: readonly string[] = [
  'registration-refused',
  'current-key-wrong',
  'own-account',
  'second-factor-wrong',
];

interface Circumstances {
  readonly retryAfterSeconds: number | undefined;
  readonly maybeApplied: boolean;
}

function ofProblem(
  status: number,
  code: string,
  { retryAfterSeconds, maybeApplied }: Circumstances,
): ZkvaultError {
  const message = titleOf(code);
  if (code === 'second-factor-required') return new SecondFactorRequiredError();
  if (refusedProofs.includes(code)) return new AuthError(code, message);
  if (status === 401 || status === 403) return new AuthError(code, message);
  if (code === 'idempotency-in-progress')
    return new TransportError('server-failure', message, { retryAfterSeconds, maybeApplied });
  if (status === 404) return new NotFoundError(code, message);
  if (status === 409 || status === 412) return new ConflictError(code, message);
  if (status === 429) return new RateLimitError(retryAfterSeconds);
  if (code === 'overloaded')
    return new TransportError('overloaded', message, { retryAfterSeconds, maybeApplied });
  if (status === 408 || status >= 500)
    return new TransportError('server-failure', message, { retryAfterSeconds, maybeApplied });
  return new ProtocolError(code, message);
}

function withoutProblem(
  status: number,
  retryAfterSeconds: number | undefined,
  maybeApplied: boolean,
): ZkvaultError {
  if (status === 429) return new RateLimitError(retryAfterSeconds);
  if (status >= 500)
    return new TransportError('server-failure', `the answer has status ${status}`, {
      retryAfterSeconds,
      maybeApplied,
    });
  if (status >= 300 && status < 400)
    return new TransportError('redirect-refused', 'the server sends the request elsewhere');
  return new ProtocolError('response-malformed', `an answer of status ${status} is not in the contract`);
}

/** Our own words for a code we know; the server's words are not repeated. */
function titleOf(code: string): string {
  if (Object.hasOwn(problems, code))
    return problems[code as keyof typeof problems].title.toLowerCase().replace(/\.$/, '');
  return `the server refuses: ${code}`;
}

/** `Retry-After` in whole seconds; a date or anything else is as if it said nothing. */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}
