/** @file Every refusal the API knows. The table is the only place where a status is chosen. */
import { type Static, Type } from '@sinclair/typebox';

/** Status and title of every problem. */
export const problems = {
  'malformed-json': { status: 400, title: 'The body is not acceptable JSON.' },
  'malformed-request': { status: 400, title: 'The request is not acceptable HTTP.' },
  'registration-refused': { status: 400, title: 'This registration is not possible.' },
  'current-key-wrong': { status: 400, title: 'The current authentication key is wrong.' },
  'invalid-credentials': { status: 401, title: 'Login or key is wrong, or the account cannot log in now.' },
  'invalid-token': { status: 401, title: 'A valid token is required.' },
  'insufficient-permission': { status: 403, title: 'The account may not do this.' },
  'origin-refused': { status: 403, title: 'This origin may not use the session cookie.' },
  'route-not-found': { status: 404, title: 'No such route.' },
  'session-not-found': { status: 404, title: 'No such session.' },
  'vault-not-found': { status: 404, title: 'No such vault.' },
  'entry-not-found': { status: 404, title: 'No such entry.' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive.' },
  conflict: { status: 409, title: 'Something else was written first.' },
  'version-stale': { status: 412, title: 'The entry has another version now.' },
  'body-too-large': { status: 413, title: 'The body is larger than this route takes.' },
  'media-type-unsupported': { status: 415, title: 'The body must be application/json.' },
  'host-refused': { status: 421, title: 'This server does not answer for that host.' },
  'request-invalid': { status: 422, title: 'The request does not match the contract.' },
  'manifest-required': { status: 428, title: 'This vault takes no write without a manifest.' },
  'if-match-required': { status: 428, title: 'Say with If-Match which version is replaced.' },
  'headers-too-large': { status: 431, title: 'The request headers are too large.' },
  internal: { status: 500, title: 'The server failed.' },
  overloaded: { status: 503, title: 'The server is busy. Try again soon.' },
  unavailable: { status: 503, title: 'The server cannot reach its database. Try again soon.' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** A problem's stable name. Clients switch on it; titles may be reworded. */
export type ProblemCode = keyof typeof problems;

/** Codes that any route may answer with; a route's `refusals` name the others. */
export const commonProblems: readonly ProblemCode[] = [
  'malformed-json',
  'malformed-request',
  'route-not-found',
  'request-timeout',
  'body-too-large',
  'media-type-unsupported',
  'host-refused',
  'request-invalid',
  'headers-too-large',
  'internal',
  'overloaded',
  'unavailable',
];

/** Where one part of a request does not match the contract. The value itself is never echoed. */
export const ProblemError = Type.Object(
  {
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) below body, query, path or headers.' }),
    code: Type.String(),
  },
  { title: 'ProblemError' },
);

/** RFC 9457 problem details, the body of every answer that is not 2xx. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String(),
    requestId: Type.String(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(ProblemError)),
    seq: Type.Optional(Type.Integer({ minimum: 0, description: 'With `conflict`: the current seq.' })),
  },
  { title: 'Problem' },
);
export type Problem = Static<typeof Problem>;

/** The `type` member of a problem: a URN, so that it names the problem without promising a page. */
export function problemType(code: ProblemCode): string {
  return `urn:zkvault:problem:${code}`;
}
