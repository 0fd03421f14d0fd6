/**
 * @file Turns whatever was thrown into a problem. The client learns a code; the log learns the rest.
 * Nothing of an error's message, stack or path reaches the wire.
 */

import type { ProblemCode } from '@zkvault/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../db/database-errors.ts';
import { describeError } from '../lib/describe-error.ts';
import { type RefusalFacts, ServiceError } from '../lib/service-error.ts';
import { problemAnswer } from './problem-answer.ts';
import { securityHeaders } from './security-headers.ts';
import { faultOf } from './validation-fault.ts';

/** Makes every refusal of this app a problem, those of unknown routes among them. */
export function registerProblemHandler(app: FastifyInstance): void {
  app.setErrorHandler(answerWithProblem);
  app.setNotFoundHandler(() => {
    throw new ServiceError('route-not-found');
  });
  // An unknown route is refused before its body is read.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw new ServiceError('route-not-found');
  });
}

/** Answers a request that never reached the hooks: a URL that cannot be decoded, for one. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers(securityHeaders(request.protocol)).header('x-request-id', request.id);
  answerWithProblem(error, request, reply);
}

function answerWithProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, facts } = refusalOf(error);
  if (code === 'internal')
    request.log.error({ event: 'unhandled_exception', error: describeError(error) }, 'unhandled exception');
  else if (code === 'unavailable')
    request.log.warn({ event: 'database_unavailable', error: describeError(error) }, 'database unavailable');
  else if (code === 'request-invalid')
    request.log.debug({ event: 'validation_error', errors: facts.errors }, 'request refused');
  const answer = problemAnswer(code, request.id, facts);
  // The serializer of the route's success schema must not touch a problem.
  void reply.code(answer.status).headers(answer.headers).serializer(JSON.stringify).send(answer.body);
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
