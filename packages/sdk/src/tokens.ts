/**
 * @file The tokens of a session: kept, renewed, never looked into. They decide nothing but whether
 * the server listens.
 */
import { refresh, type Tokens } from '@zkvault/contract';
import { ProtocolError } from '@zkvault/crypto-core';
import { AuthError, LockedError } from './errors.ts';
import { abortable } from './response-body.ts';
import { counter, decodeDocument, encodeDocument, exactly, text } from './sealed-json.ts';
import type { Storage } from './storage.ts';
import type { Transport } from './transport.ts';

/** How long before its end an access token is renewed. */
const RENEW_AHEAD_MS = 30_000;
const MAX_EXPIRES_IN_SECONDS = 86_400;

/** A pair of tokens and what is known of them. */
export interface StoredTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since the epoch, by this device's clock. */
  readonly expiresAtMs: number;
  /**
   * Key of the renewal of these tokens. It is made and stored with them: whoever renews them, this
   * process a second time or another at the same time, uses this key and gets the same successor.
   */
  readonly renewalKey: string;
}

/** Sends requests in the name of a session. */
export interface TokenKeeper {
  /**
   * Sends with a valid access token; renews it once if the server refuses it.
   *
   * @throws {AuthError} the session has ended: log in. @throws {LockedError} `logged-out`.
   */
  authorized<Value>(
    signal: AbortSignal | undefined,
    send: (accessToken: string) => Promise<Value>,
  ): Promise<Value>;
  /** Writes nothing any more: a renewal under way must not bring back what was deleted or replaced. */
  close(): void;
}

/** Takes the tokens of an answer. @throws {ProtocolError} the refresh token is missing. */
export function tokensFromAnswer(answer: Tokens, nowMs: number): StoredTokens {
  const { accessToken, refreshToken, expiresIn } = answer;
  if (refreshToken === undefined)
    throw new ProtocolError('response-malformed', 'the answer lacks a refresh token');
  const expiresAtMs = nowMs + Math.min(expiresIn, MAX_EXPIRES_IN_SECONDS) * 1_000;
  return { accessToken, refreshToken, expiresAtMs, renewalKey: crypto.randomUUID() };
}

/** Keeps tokens for the next start. */
export async function writeTokens(storage: Storage, key: string, tokens: StoredTokens): Promise<void> {
  await storage.set(key, encodeDocument(tokens));
}

/** The stored refresh token, to end the session with it; undefined if there is none to be read. */
export async function readRefreshToken(storage: Storage, key: string): Promise<string | undefined> {
  const bytes = await storage.get(key);
  if (bytes === undefined) return undefined;
  try {
    return decodeDocument(bytes, 'stored tokens', readTokens).refreshToken;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Makes the keeper of one account's tokens. */
export function makeTokenKeeper(deps: {
  readonly transport: Transport;
  readonly storage: Storage;
  readonly storageKey: string;
  readonly now: () => number;
}): TokenKeeper {
  const { storage, storageKey } = deps;
  let closed = false;
  let renewal: Promise<StoredTokens> | undefined;

  async function read(): Promise<StoredTokens> {
    const bytes = closed ? undefined : await storage.get(storageKey);
    if (bytes === undefined) throw new LockedError('logged-out');
    return decodeDocument(bytes, 'stored tokens', readTokens);
  }

  async function save(tokens: StoredTokens): Promise<void> {
    if (!closed) await writeTokens(storage, storageKey, tokens);
  }

  /**
   * Storage is read anew: another process of this user may have renewed already, and a spent token
   * would end the session for both.
   */
  async function renew(refused: string): Promise<StoredTokens> {
    const present = await read();
    if (present.accessToken !== refused) return present;
    const answer = await deps.transport.call(
      refresh,
      { body: { refreshToken: present.refreshToken }, idempotencyKey: present.renewalKey },
      { idempotent: true },
    );
    const next = tokensFromAnswer(answer, deps.now());
    await save(next);
    return next;
  }

  /** One renewal at a time, whoever asks; an abort of one caller does not end it for the others. */
  function renewOnce(refused: string): Promise<StoredTokens> {
    renewal ??= renew(refused).finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  return {
    async authorized(signal, send) {
      const wait = <Value>(promise: Promise<Value>) =>
        signal === undefined ? promise : abortable(promise, signal);
      const stored = await read();
      const isFresh = deps.now() < stored.expiresAtMs - RENEW_AHEAD_MS;
      const { accessToken } = isFresh ? stored : await wait(renewOnce(stored.accessToken));
      try {
        return await send(accessToken);
      } catch (error) {
        if (!(error instanceof AuthError) || error.code !== 'invalid-token') throw error;
        const renewed = await wait(renewOnce(accessToken));
        return await send(renewed.accessToken);
      }
    },
    close() {
      closed = true;
    },
  };
}

const readTokens = exactly('stored tokens', {
  accessToken: text,
  refreshToken: text,
  expiresAtMs: counter,
  renewalKey: text,
});
