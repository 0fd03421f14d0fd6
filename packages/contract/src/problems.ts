/** @file Every refusal the API knows. The table is the only place where a status is chosen. */
import { type Static, Type } from '@sinclair/typebox';

/**
 * Status, title and help of every problem. `help` says what it means and what to do next; it is for
 * docs/problems.md and is not sent.
 */
export const problems = {
  'malformed-json': {
    status: 400,
    title: 'The body is not acceptable JSON.',
    help: 'The body is not JSON of RFC 8259, or it holds what this API never takes: a duplicate key, `__proto__`, a NUL character, a lone surrogate, an integer beyond 2^53 - 1, or more than 16 levels. Send other JSON; the same request will always fail.',
  },
  'api-key-half-exposed': {
    status: 400,
    title: 'The key half of an API key must not be sent.',
    help: 'The request held a whole API key. Only `zkv_<id>_<auth half>`, its first 84 characters, may be sent; the last 43 open the vaults and were seen by this server and by whoever stands in between. Revoke this key and make another.',
  },
  'malformed-request': {
    status: 400,
    title: 'The request is not acceptable HTTP.',
    help: 'The bytes are not HTTP/1.1 as RFC 9112 has it, or the path cannot be decoded. Look at the client or the proxy in between.',
  },
  'registration-refused': {
    status: 400,
    title: 'This registration is not possible.',
    help: 'The login is taken, reserved or not in an acceptable form, or registration needs an invitation and there is none or a void one; which of these is not told. Choose another login, or ask for an invitation.',
  },
  'current-key-wrong': {
    status: 400,
    title: 'The current authentication key is wrong.',
    help: 'The authentication key sent along is not the present one. Derive it again from the present password, profile and salt.',
  },
  'second-factor-wrong': {
    status: 400,
    title: 'The one-time password is wrong.',
    help: 'The one-time password is not that of the present 30 seconds, it was used before, or nothing was set up that it could confirm. Compare the clock of the device, and send the next one.',
  },
  'own-account': {
    status: 400,
    title: "One's own account is not deleted here.",
    help: 'An administrator named the own account. Delete it with `DELETE /users/me`, which asks for the key again.',
  },
  'invalid-credentials': {
    status: 401,
    title: 'Login or key is wrong, or the account cannot log in now.',
    help: 'Unknown login, wrong key, wrong second factor, locked or inactive: the answer is the same for all. Check the password (and the Secret Key, and the one-time password, which works once); after several failures wait 15 minutes.',
  },
  'second-factor-required': {
    status: 401,
    title: 'The account asks for a second factor.',
    help: 'The key is right, and the account asks for a one-time password or a recovery code as well. Log in again with `secondFactor`.',
  },
  'invalid-token': {
    status: 401,
    title: 'A valid token is required.',
    help: 'The access token is absent, malformed, expired or its session has ended; for a refresh, the refresh token is unknown, used or expired. Refresh, and if that is refused log in again.',
  },
  'invalid-api-key': {
    status: 401,
    title: 'A valid API key is required.',
    help: 'The header `X-API-Key` is absent, or its key is malformed, unknown, expired, revoked, or of an account that is not active. Send `zkv_<id>_<auth half>`, and no access token beside it; look at the key with `GET /api-keys/{id}`, or make another.',
  },
  'insufficient-scope': {
    status: 403,
    title: 'The API key may not do this.',
    help: 'The API key is good but lacks the scope: `entries:read` to read, `entries:write` to write. Make a key with the scope, if its holder shall have it.',
  },
  'insufficient-permission': {
    status: 403,
    title: 'The account may not do this.',
    help: 'The account is known but its role does not allow this. Ask an administrator.',
  },
  'origin-refused': {
    status: 403,
    title: 'This origin may not use the session cookie.',
    help: "A browser sent the session cookie from an origin that is not configured. Add the origin to the server's configuration, or use the body transport.",
  },
  'route-not-found': {
    status: 404,
    title: 'No such route.',
    help: 'There is no such path, or not with this method. Compare with `/openapi.json`.',
  },
  'session-not-found': {
    status: 404,
    title: 'No such session.',
    help: 'The account has no session of this id. It may have ended already.',
  },
  'invitation-not-found': {
    status: 404,
    title: 'No such invitation.',
    help: 'There is no open invitation of this id: it was used, taken back or has expired. List the invitations.',
  },
  'api-key-not-found': {
    status: 404,
    title: 'No such API key.',
    help: 'The account has no API key of this id; a key of somebody else gives the same answer. List the API keys.',
  },
  'user-not-found': {
    status: 404,
    title: 'No such account.',
    help: 'There is no account of this id. List the accounts.',
  },
  'vault-not-found': {
    status: 404,
    title: 'No such vault.',
    help: 'The account has no vault of this id; a vault of somebody else gives the same answer. List the vaults.',
  },
  'entry-not-found': {
    status: 404,
    title: 'No such entry.',
    help: 'There is no such entry in this vault, or it was deleted; an entry of somebody else gives the same answer. Read the changes.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive.',
    help: 'The request did not arrive in time. Send it again, faster.',
  },
  conflict: {
    status: 409,
    title: 'Something else was written first.',
    help: 'Something else was written first, or an id is in use. Read the changes, merge, and commit again from the `seq` that the answer names.',
  },
  'idempotency-in-progress': {
    status: 409,
    title: 'The same request is being carried out.',
    help: 'A request with this `Idempotency-Key` is under way and did not end while this one waited. Send it again after `Retry-After` seconds, with the same key.',
  },
  'rotation-incomplete': {
    status: 409,
    title: 'Not every entry is staged at its present version.',
    help: 'A vault key is replaced together with every entry. Some were never staged under this rotationId, or have changed since, or were forgotten. Read the changes, stage what is missing (everything, if nothing changed), and ask again.',
  },
  'second-factor-active': {
    status: 409,
    title: 'The account has a second factor already.',
    help: 'A second factor is in use, and another takes its place only after it was disabled. Disable it first.',
  },
  'second-factor-inactive': {
    status: 409,
    title: 'The account has no second factor.',
    help: 'Recovery codes belong to a second factor, and the account has none in use. Set one up and confirm it.',
  },
  'too-many-api-keys': {
    status: 409,
    title: 'The account has as many API keys as it may.',
    help: 'An account may have 50 API keys; expired ones count until they are revoked. Revoke one that is not needed.',
  },
  'last-administrator': {
    status: 409,
    title: 'The last administrator must stay one.',
    help: 'Without this account nobody could administer the server any more. Make another account an administrator first.',
  },
  'version-stale': {
    status: 412,
    title: 'The entry has another version now.',
    help: "`If-Match` names a version that is no longer the present one. Read the entry again (the answer's ETag is the present version), merge, and write again.",
  },
  'body-too-large': {
    status: 413,
    title: 'The body is larger than this route takes.',
    help: "The body is over the route's limit, which `/openapi.json` states. Send less at a time.",
  },
  'media-type-unsupported': {
    status: 415,
    title: 'The body must be application/json.',
    help: 'The body came with another media type, or with none. Send `Content-Type: application/json`.',
  },
  'host-refused': {
    status: 421,
    title: 'This server does not answer for that host.',
    help: 'The `Host` header is not one that the server was configured to answer for. Use a configured name, or configure this one.',
  },
  'request-invalid': {
    status: 422,
    title: 'The request does not match the contract.',
    help: 'The JSON is fine but does not fit the contract. `errors` says where; unknown fields are refused and nothing is converted. Correct the request.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request.',
    help: 'The account has used this `Idempotency-Key` within 24 hours for a request with another path or body. Make a key for each request, and send the same bytes with it.',
  },
  'manifest-required': {
    status: 428,
    title: 'This vault takes no write without a manifest.',
    help: 'The vault was created with `integrity: "manifest"`: a commit without a manifest would be invisible to every client. Send the manifest of seq `baseSeq + 1`.',
  },
  'if-match-required': {
    status: 428,
    title: 'Say with If-Match which version is replaced.',
    help: 'A write that names no version could undo the work of another. Send `If-Match` with the ETag of the version that you mean to replace.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests. Wait before the next one.',
    help: 'More requests came from this session or address than the limit allows; nothing of this one was carried out. Wait for `Retry-After` seconds. `RateLimit-Policy` says what is allowed, `RateLimit` what is left.',
  },
  'too-many-streams': {
    status: 429,
    title: 'Too many event streams are open.',
    help: 'The session or the account has as many event streams open at this server as it may. Close one, or wait for `Retry-After` seconds: streams whose reader is gone are noticed within a minute.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request headers are too large.',
    help: 'The request line and headers are over 16 KiB. Send fewer or shorter ones.',
  },
  internal: {
    status: 500,
    title: 'The server failed.',
    help: 'The server failed; the request may have been carried out or not. Read before writing again, and give the `requestId` to the operator.',
  },
  overloaded: {
    status: 503,
    title: 'The server is busy. Try again soon.',
    help: 'The server takes no more of this work just now. Wait for `Retry-After` seconds and try again.',
  },
  stopping: {
    status: 503,
    title: 'The server is stopping. Ask another one.',
    help: 'The server was told to stop: it answers what has arrived and takes nothing new. A balancer should send nobody here; come back after `Retry-After` seconds.',
  },
  unavailable: {
    status: 503,
    title: 'The server cannot reach its database. Try again soon.',
    help: 'The database cannot be reached. A read may be repeated after `Retry-After` seconds; after a write, read first.',
  },
} as const satisfies Record<
  string,
  { readonly status: number; readonly title: string; readonly help: string }
>;

/** A problem's stable name. Clients switch on it; titles may be reworded. */
export type ProblemCode = keyof typeof problems;

/** Codes that any route may answer with; a route's `refusals` name the others. */
export const commonProblems: readonly ProblemCode[] = [
  'malformed-json',
  'malformed-request',
  'api-key-half-exposed',
  'route-not-found',
  'request-timeout',
  'body-too-large',
  'media-type-unsupported',
  'host-refused',
  'request-invalid',
  'rate-limited',
  'headers-too-large',
  'internal',
  'overloaded',
  'unavailable',
];

/** Where one part of a request does not match the contract. The value itself is never echoed. */
const ProblemError = Type.Object(
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
    seq: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'With `conflict`: the current seq.',
      }),
    ),
  },
  { title: 'Problem' },
);
export type Problem = Static<typeof Problem>;

/** The `type` member of a problem: a URN, so that it names the problem without promising a page. */
export function problemType(code: ProblemCode): string {
  return `urn:zkvault:problem:${code}`;
}
