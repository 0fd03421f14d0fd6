/** @file Says where a request does not match its schema, without a word of what was sent. */
import type { FastifySchemaValidationError } from 'fastify';
import type { RequestFault } from '../lib/service-error.ts';

/** What the parts of a request are called in a pointer. */
const roots: Readonly<Record<string, string>> = {
  body: '/body',
  params: '/path',
  querystring: '/query',
  headers: '/headers',
};

const codes: Readonly<Record<string, string>> = {
  required: 'required',
  additionalProperties: 'unknown',
  type: 'type',
  pattern: 'format',
  minLength: 'length',
  maxLength: 'length',
  minimum: 'range',
  maximum: 'range',
  minItems: 'count',
  maxItems: 'count',
};

/** A name that may be repeated to the caller: no key, token or other secret looks like this. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,30}$/;

/**
 * The one fault of a refused request: the deepest, because a union reports every branch that did not fit.
 * Of equally deep ones a wrong value, because a field too many or too few may only mean another branch.
 *
 * @param errors what Ajv found, at least one.
 * @param part which part of the request was looked at.
 */
export function faultOf(
  errors: readonly FastifySchemaValidationError[],
  part: string | undefined,
): RequestFault {
  const faults = errors.map((error) => ({ path: pathOf(error), code: codes[error.keyword] ?? 'choice' }));
  const deepest = faults.reduce((best, fault) => (weight(fault) > weight(best) ? fault : best));
  return { pointer: `${roots[part ?? 'body'] ?? '/body'}${deepest.path}`, code: deepest.code };
}

function weight({ path, code }: { readonly path: string; readonly code: string }): number {
  return 2 * path.split('/').length + (code === 'required' || code === 'unknown' ? 0 : 1);
}

function pathOf(error: FastifySchemaValidationError): string {
  const name = error.params['missingProperty'] ?? error.params['additionalProperty'];
  return typeof name === 'string' && PLAIN_NAME.test(name)
    ? `${error.instancePath}/${name}`
    : error.instancePath;
}
