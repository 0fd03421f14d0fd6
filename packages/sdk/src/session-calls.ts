/** @file Requests in the name of an unlocked account: with its token, behind its gate, ended by its lock. */
import type { AnswerOf, RouteContract } from '@zkvault/contract';
import type { Gate } from './gate.ts';
import type { Session } from './session.ts';
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
}

/** Binds a transport to a session. */
export function makeSessionCalls(deps: {
  readonly transport: Transport;
  readonly tokens: TokenKeeper;
  readonly session: Session;
  readonly gate: Gate;
}): SessionCalls {
  const { transport, tokens, session, gate } = deps;
  return {
    async send(route, request, options = {}) {
      const signal =
        options.signal === undefined ? session.signal : AbortSignal.any([session.signal, options.signal]);
      return tokens.authorized(signal, async (accessToken) => {
        // Asked at the last moment: a token may have been renewed while the client was locked.
        session.assertUnlocked();
        gate.assertOpen();
        return transport.call(route, { ...request, accessToken }, { ...options, signal });
      });
    },
  };
}
