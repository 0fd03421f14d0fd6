/** @file What a login and a refresh answer of the tokens they made; both features share it. */
import type { FastifyReply } from 'fastify';
import type { RefreshCookie } from './refresh-cookie.ts';

/** The token fields of an answer. */
export interface TokensAnswer {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresIn: number;
  readonly refreshToken?: string;
}

/** Gives a new pair of tokens: with the cookie transport the refresh token is in the cookie only. */
export function tokensAnswer(
  deps: { readonly accessTokens: { readonly ttlSeconds: number }; readonly cookie: RefreshCookie },
  reply: FastifyReply,
  transport: 'body' | 'cookie',
  pair: { readonly accessToken: string; readonly refreshToken: string },
): TokensAnswer {
  if (transport === 'cookie') deps.cookie.write(reply, pair.refreshToken);
  return {
    accessToken: pair.accessToken,
    tokenType: 'Bearer',
    expiresIn: deps.accessTokens.ttlSeconds,
    ...(transport === 'body' ? { refreshToken: pair.refreshToken } : {}),
  };
}
