/**
 * @file Turns whatever was thrown into a problem. The client learns a code; the log learns the rest.
 * Nothing of an error's message, stack or path reaches the wire.
 */

import { type ProblemCode, problems } from '@zkvault/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../db/database-errors.ts';
import { describeError } from '../lib/describe-error.ts';
import { type RefusalFacts, ServiceError } from '../lib/service-error.ts';
import { type ClaimedActor, claimOf } from './actor.ts';
import type { ProtocolOf } from './came-by-tls.ts';
import { problemAnswer } from './problem-answer.ts';
import { securityHeaders } from './security-headers.ts';
import { faultOf } from './validation-fault.ts';

/** Makes every refusal of this app a problem, those of unknown routes among them. */
export function registerProblemHandler(
  app: FastifyInstance,
  { explains = false, proveClaim = async () => {} }: ProblemOptions = {},
): void {
  app.setErrorHandler(async (thrown: FastifyError, request, reply) => {
    const error = await reasonToRefuse(thrown, request, proveClaim);
    answerWithProblem(error, request, reply, explains);
    return reply;
  });
  app.setNotFoundHandler(() => {
    throw new ServiceError('route-not-found');
  });
  // An unknown route is refused before its body is read.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw new ServiceError('route-not-found');
  });
}

/** How problems are told. */
export interface ProblemOptions {
  /** Adds what docs/problems.md says of a problem, for development. */
  readonly explains?: boolean;
  /** Proves the claim of a request that was refused before its route did: [Note: Claims]. */
  readonly proveClaim?: (claim: ClaimedActor) => Promise<void>;
}

/** Whoever may not ask at all learns nothing else of the request. */
async function reasonToRefuse(
  thrown: FastifyError,
  request: FastifyRequest,
  proveClaim: (claim: ClaimedActor) => Promise<void>,
): Promise<FastifyError> {
  const claim = claimOf(request);
  if (claim === undefined) return thrown;
  try {
    await proveClaim(claim);
    return thrown;
  } catch (error) {
    return error as FastifyError;
  }
}

/** Makes what answers a request that never reached the hooks: one whose URL cannot be decoded, for one. */
export function answerFrameworkError(
  protocolOf: ProtocolOf,
): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    void reply.headers(securityHeaders(protocolOf(request.raw))).header('x-request-id', request.id);
    answerWithProblem(error, request, reply);
  };
}

/** Refusals that no client of ours runs into. */
const VIOLATIONS: ReadonlySet<ProblemCode> = new Set(['host-refused', 'origin-refused']);

function answerWithProblem(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  explains = false,
): void {
  const { code, facts } = refusalOf(error);
  if (code === 'internal')
    request.log.error({ event: 'unhandled_exception', error: describeError(error) }, 'unhandled exception');
  else if (code === 'unavailable')
    request.log.warn({ event: 'database_unavailable', error: describeError(error) }, 'database unavailable');
  else if (code === 'request-invalid')
    request.log.info({ event: 'validation_error', errors: facts.errors }, 'request refused');
  else if (VIOLATIONS.has(code)) request.log.warn({ event: 'security_violation', what: code }, code);
  const answer = problemAnswer(code, request.id, facts);
  const body = explains ? { ...answer.body, detail: problems[code].help } : answer.body;
  // The serializer of the route's success schema must not touch a problem.
  void reply.code(answer.status).headers(answer.headers).serializer(JSON.stringify).send(body);
}

interface Refusal {
  readonly code: ProblemCode;
  readonly facts: RefusalFacts;
}

const NO_FACTS: RefusalFacts = {};

function refusalOf(error: FastifyError): Refusal {
  if (error instanceof ServiceError) return { code: error.code, facts: error.facts };
  if (error.validation !== undefined)
    return {
      code: 'request-invalid',
      facts: { errors: [faultOf(error.validation, error.validationContext)] },
    };
  if (isDatabaseUnavailable(error)) return { code: 'unavailable', facts: NO_FACTS };
  return { code: frameworkCode(error), facts: NO_FACTS };
}

/** What Fastify itself refuses, by its own codes. */
const frameworkCodes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-request',
  FST_ERR_BAD_URL: 'malformed-request',
  FST_ERR_MAX_PARAM_LENGTH: 'route-not-found',
  ECONNRESET: 'malformed-request',
};

function frameworkCode(error: FastifyError): ProblemCode {
  return frameworkCodes[error.code] ?? 'internal';
}
