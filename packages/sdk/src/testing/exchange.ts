/** @file One request and its answer, as they pass through a hostile server. */
import { allRoutes } from '@zkvault/contract';

/** An answer before it is sent on. What is changed in it is what the client gets. */
export interface Answer {
  status: number;
  readonly headers: Headers;
  /** The decoded body, to be changed in place or replaced; undefined if it was not JSON. */
  json: unknown;
  /** The raw body. If it is replaced, it is what is sent, whatever `json` is. */
  body: Uint8Array<ArrayBuffer>;
}

/** One request that came, and the upstream's answer to it. */
export interface Exchange {
  /** For {@link HostileServer.replay}. */
  readonly id: string;
  /** The route's operation in the contract (`login`, `getChanges`, …); `unknown` if it has none. */
  readonly operationId: string;
  readonly method: string;
  readonly url: URL;
  /** As it was given to `fetch`: headers, body, redirect, … */
  readonly init: RequestInit;
  /** The decoded body; undefined if there was none. */
  readonly request: unknown;
  /** What the upstream said: status and decoded body. Undefined while it is on its way, or if it failed. */
  honest?: { readonly status: number; readonly json: unknown };
  /** What the client was told instead: status and raw body. Undefined if a lie was a Response of its own. */
  told?: { readonly status: number; readonly body: Uint8Array };
}

/** Changes an answer in place, or gives a whole Response instead: a stream that never ends, for example. */
export type Lie = (
  answer: Answer,
  exchange: Exchange,
) => Response | Promise<Response | undefined> | undefined | void;

const patterns: readonly (readonly [string, string, RegExp])[] = allRoutes.flatMap(
  ({ method, path, aliases = [], operationId }) =>
    [path, ...aliases].map(
      (each) => [method, operationId, new RegExp(`${each.replaceAll(/:\w+/g, '[^/]+')}$`)] as const,
    ),
);

/** The operation a request asks for. */
export function operationOf(method: string, path: string): string {
  return patterns.find(([its, , pattern]) => its === method && pattern.test(path))?.[1] ?? 'unknown';
}

/** Reads a whole answer. */
export async function answerOf(response: Response): Promise<Answer> {
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: new Headers(response.headers), json: parsed(body), body };
}

/** The Response that an answer makes. @param sent its body if nobody replaces `json`. */
export function responseOf(answer: Answer, sent: Answer['body']): Response {
  const { status, headers, json } = answer;
  const isRaw = answer.body !== sent || json === undefined;
  const body = isRaw ? answer.body : new TextEncoder().encode(JSON.stringify(json));
  answer.body = body;
  headers.delete('content-length');
  const hasNone = status === 204 || status === 205 || status === 304;
  return new Response(hasNone ? null : body, { status, headers });
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return undefined;
  }
}
