/** @file API keys on the wire: the header they come in, and what must never come in any. */
import type { FastifyRequest } from 'fastify';

/** What a client shows of its API key; untrusted, undefined if there is none. */
export function apiKeyCredential(request: FastifyRequest): string | undefined {
  const value = request.headers['x-api-key'];
  return Array.isArray(value) ? value.join() : value;
}

/** A credential, and more after it: whoever sent this sent the half that opens the vaults. */
const WHOLE_KEY = /zkv_[0-9a-f-]{36}_[A-Za-z0-9_-]{44}/i;

/** True if a request's URL or one of its credentials holds more of an API key than may be sent. */
export function exposesKeyHalf(request: FastifyRequest): boolean {
  const { authorization = '' } = request.headers;
  return [request.url, authorization, apiKeyCredential(request) ?? ''].some((text) => WHOLE_KEY.test(text));
}

const ANY_KEY = /zkv_[A-Za-z0-9_%-]+/gi;
/** Longer than any word or id of a path; tokens, keys and their encodings are at least so long. */
const ANY_CREDENTIAL = /[A-Za-z0-9_.~%+=-]{40,}/g;

/** A path that may be logged: an API key, or what looks like another credential, is cut out where none belongs. */
export function withoutCredentials(path: string): string {
  return path.replaceAll(ANY_KEY, 'zkv_***').replaceAll(ANY_CREDENTIAL, '***');
}
