/** @file The headers of every answer, errors included. Pages set a Content-Security-Policy of their own. */
import type { FastifyInstance } from 'fastify';

const BASE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const TLS_HEADERS: Readonly<Record<string, string>> = {
  ...BASE_HEADERS,
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
};

/**
 * The headers of an answer.
 *
 * @param protocol how the client came, as the trusted proxy says; `https` adds HSTS.
 */
export function securityHeaders(protocol: string): Readonly<Record<string, string>> {
  return protocol === 'https' ? TLS_HEADERS : BASE_HEADERS;
}

/** Sets the headers, and the request's id, before anything else can answer. */
export function registerSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders(request.protocol)).header('x-request-id', request.id);
  });
}
