/** @file The cookie that carries a refresh token to browsers. Scripts cannot read it. */
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Reads and writes the refresh cookie. The cookie plugin must be registered. */
export interface RefreshCookie {
  /** The token the browser sent; untrusted. */
  read(request: FastifyRequest): string | undefined;
  write(reply: FastifyReply, token: string): void;
  clear(reply: FastifyReply): void;
}

/**
 * Makes the cookie's reader and writer.
 *
 * @param options.secure false leaves out `Secure`, and with it the `__Host-` name, for development over
 *   plain HTTP on a browser that does not trust localhost.
 */
export function makeRefreshCookie(options: {
  readonly secure: boolean;
  readonly maxAgeSeconds: number;
}): RefreshCookie {
  const name = options.secure ? '__Host-zkvault-refresh' : 'zkvault-refresh';
  const attributes: CookieSerializeOptions = {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: options.secure,
  };
  return {
    read: (request) => request.cookies[name],
    write(reply, token) {
      void reply.setCookie(name, token, { ...attributes, maxAge: options.maxAgeSeconds });
    },
    clear(reply) {
      void reply.setCookie(name, '', { ...attributes, maxAge: 0 });
    },
  };
}
