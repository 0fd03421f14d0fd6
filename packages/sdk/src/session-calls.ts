/** @file Requests in the name of whatever opened the vaults: with its token, behind its gate, ended by its lock. */
import type { AnswerOf, RouteContract } from '@zkvault/contract';
import { type ApiKey, apiKeyCredential } from '@zkvault/crypto-core';
import type { Gate } from './gate.ts';
import type { VaultSession } from './session.ts';
import type { TokenKeeper } from './tokens.ts';
import type { Request, SendOptions, Transport } from './transport.ts';

/** Sends for a session. */
export interface SessionCalls {
  /**
   * Sends one request with the session's token.
   *
   * @throws {LockedError} locked meanwhile. @throws the failure that shut the gate.
   * @throws what {@link Transport.call} throws.
   */
  send<const Route extends RouteContract>(
    route: Route,
    request: Request<Route>,
    options?: SendOptions,
  ): Promise<AnswerOf<Route>>;
  /** Opens a stream with the session's token. @throws as {@link SessionCalls.send}. */
  open(
    route: RouteContract,
    request: Request<RouteContract>,
    options: SendOptions,
  ): Promise<ReadableStream<Uint8Array>>;
}

/** Binds a transport to a session. */
export function makeSessionCalls(deps: {
  readonly transport: Transport;
  readonly tokens: TokenKeeper;
  readonly session: VaultSession;
  readonly gate: Gate;
}): SessionCalls {
  const { transport, tokens, session, gate } = deps;
  const authorized = <Value>(
    options: SendOptions,
    send: (accessToken: string, signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> => {
    const signal =
      options.signal === undefined ? session.signal : AbortSignal.any([session.signal, options.signal]);
    return tokens.authorized(signal, async (accessToken) => {
      // Asked at the last moment: a token may have been renewed while the client was locked.
      session.assertUnlocked();
      gate.assertOpen();
      return send(accessToken, signal);
    });
  };
  return {
    send: async (route, request, options = {}) =>
      authorized(options, (accessToken, signal) =>
        transport.call(route, { ...request, accessToken }, { ...options, signal }),
      ),
    open: async (route, request, options) =>
      authorized(options, (accessToken, signal) =>
        transport.open(route, { ...request, accessToken }, { ...options, signal }),
      ),
  };
}

/** What work on vaults sends. */
export type VaultCalls = Pick<SessionCalls, 'send'>;

/** Binds a transport to an API key, of which only the credential is sent. */
export function makeApiKeyCalls(deps: {
  readonly transport: Transport;
  readonly apiKey: Pick<ApiKey, 'id' | 'authHalf'>;
  readonly session: VaultSession;
  readonly gate: Gate;
}): VaultCalls {
  const { transport, session, gate } = deps;
  const apiKey = apiKeyCredential(deps.apiKey);
  return {
    async send(route, request, options = {}) {
      const signal =
        options.signal === undefined ? session.signal : AbortSignal.any([session.signal, options.signal]);
      session.assertUnlocked();
      gate.assertOpen();
      return transport.call(route, { ...request, apiKey }, { ...options, signal });
    },
  };
}
