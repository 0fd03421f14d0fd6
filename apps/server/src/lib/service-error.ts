/** @file The one way a service refuses: a code of the contract, and the few facts a client may be told. */
import type { ProblemCode } from '@zkvault/contract';

/** Where a request does not hold together. It never carries the value. */
export interface RequestFault {
  /** JSON pointer below body, query, path or headers, such as `/body/authKey`. */
  readonly pointer: string;
  readonly code: string;
}

/** What a refusal may say beside its code. */
export interface RefusalFacts {
  /** With `conflict`: the current seq. */
  readonly seq?: number;
  /** With `version-stale`: the current version, answered as an ETag. */
  readonly version?: number;
  /** With `request-invalid`: what is wrong, and where. */
  readonly errors?: readonly RequestFault[];
  /** With 429 and 503: when to try again; 1 for a 503 that does not say. */
  readonly retryAfterSeconds?: number;
}

/** A refusal the client is told. Anything else that is thrown is answered with `internal`. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ProblemCode;
  readonly facts: RefusalFacts;

  constructor(code: ProblemCode, facts: RefusalFacts = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.facts = facts;
  }
}

/** A `request-invalid` about one place of the request, for rules that a schema cannot say. */
export function requestFault(pointer: string, code: string): ServiceError {
  return new ServiceError('request-invalid', { errors: [{ pointer, code }] });
}
