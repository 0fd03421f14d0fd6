/**
 * @file A server between a client and an honest one, that lies as it is told to. It stands in the place of
 * `fetch`: the honest server may be in this process, behind a socket, or a fake.
 */
import type { Fetch } from '../options.ts';
import { answerOf, type Exchange, type Lie, operationOf, responseOf } from './exchange.ts';
import { makeUserSwap, type UserSwap } from './user-swap.ts';

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

const never = (): boolean => false;

/** What a hostile server stands before. */
export interface HostileServerOptions<State> {
  /** The honest server, as `fetch` reaches it. */
  readonly upstream: Fetch;
  /** Copies the honest server's whole state: its database, as a rule. Without it, `snapshot` and `dropWrites` throw. */
  readonly snapshot?: () => Promise<State> | State;
  /** Puts such a copy in place of the present state. */
  readonly restore?: (state: State) => Promise<void> | void;
}

/** A server that lies. */
export interface HostileServer<State = unknown> {
  /** To be given to a client as its `fetch`. */
  readonly fetch: Fetch;
  /** Everything that passed since the start, both ways, oldest first. */
  readonly traffic: readonly Exchange[];
  /** Requests that a client sent to where an answer pointed. Must stay empty. */
  readonly strayed: readonly string[];
  /**
   * Lies about answers from now on.
   *
   * @param route an operation of the contract, say `getChanges`; `*` for every one.
   * @returns ends this lie.
   */
  mutate(route: string, lie: Lie): () => void;
  /** Collects what passes from now on in the array it gives. */
  record(): readonly Exchange[];
  /** Sends a recorded request to the honest server once more, as a thief of the traffic would. */
  replay(exchangeId: string): Promise<Response>;
  /** Gives one person's key material, vaults and entries to another from now on, under the other's ids. Both must have logged in through here. */
  swapUser(victim: string, other: string): void;
  /** Answers writes for which this is true as if they had been done, and undoes them. */
  dropWrites(predicate: (exchange: Exchange) => boolean): void;
  /** Tells the truth again. What was recorded stays. */
  honest(): void;
  /** Empties `traffic` and `strayed` and ends every recording: for thousands of sessions over one server. */
  forget(): void;
  /** A copy of the honest server's state. */
  snapshot(): Promise<State>;
  /** Rolls the honest server back, or forward, to a copy. */
  restore(state: State): Promise<void>;
}

/** Puts a hostile server before an honest one. It is honest until it is told to lie. */
export function makeHostileServer<State>(options: HostileServerOptions<State>): HostileServer<State> {
  const traffic: Exchange[] = [];
  const recordings: Exchange[][] = [];
  const strayed: string[] = [];
  const lies: { readonly route: string; readonly lie: Lie }[] = [];
  const swaps: UserSwap[] = [];
  let isDropped: (exchange: Exchange) => boolean = never;

  async function snapshot(): Promise<State> {
    if (options.snapshot === undefined) throw new TypeError('this hostile server was given no snapshot()');
    return options.snapshot();
  }

  async function restore(state: State): Promise<void> {
    if (options.restore === undefined) throw new TypeError('this hostile server was given no restore()');
    await options.restore(state);
  }

  async function askUpstream(exchange: Exchange): Promise<Response> {
    let { url, init } = { url: exchange.url.href, init: exchange.init };
    for (const swap of swaps) ({ url, init } = swap.request(url, init));
    if (!isDropped(exchange)) return options.upstream(url, init);
    const before = await snapshot();
    const response = await options.upstream(url, init);
    await restore(before);
    return response;
  }

  /** What a real `fetch` does with a redirect, by the client's own wish. */
  function arrive(response: Response, { init, url }: Exchange): Response {
    const location = response.headers.get('location');
    if (!REDIRECTS.includes(response.status) || location === null || init.redirect === 'manual')
      return response;
    if (init.redirect === 'error') throw new TypeError('the answer redirects, and init.redirect is "error"');
    strayed.push(`${init.method ?? 'GET'} ${new URL(location, url).href}`);
    return new Response('{}', { headers: { 'content-type': 'application/json' } });
  }

  async function tell(exchange: Exchange): Promise<Response> {
    const answer = await answerOf(await askUpstream(exchange));
    exchange.honest = { status: answer.status, json: structuredClone(answer.json) };
    const sent = answer.body;
    for (const swap of swaps) swap.answer(answer, exchange);
    for (const { route, lie } of lies.slice()) {
      if (route !== '*' && route !== exchange.operationId) continue;
      const response = await lie(answer, exchange);
      if (response !== undefined) return response;
    }
    const response = responseOf(answer, sent);
    exchange.told = { status: answer.status, body: answer.body };
    return response;
  }

  return {
    traffic,
    strayed,
    async fetch(address, init) {
      init.signal?.throwIfAborted();
      const url = new URL(address);
      const method = init.method ?? 'GET';
      const exchange: Exchange = {
        id: crypto.randomUUID(),
        operationId: operationOf(method, url.pathname),
        method,
        url,
        init,
        request: typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined,
      };
      for (const recording of [traffic, ...recordings]) recording.push(exchange);
      const response = await tell(exchange);
      init.signal?.throwIfAborted();
      return arrive(response, exchange);
    },
    mutate(route, lie) {
      const told = { route, lie };
      lies.push(told);
      return () => {
        const index = lies.indexOf(told);
        if (index !== -1) lies.splice(index, 1);
      };
    },
    record() {
      const recording: Exchange[] = [];
      recordings.push(recording);
      return recording;
    },
    async replay(exchangeId) {
      const exchange = traffic.find(({ id }) => id === exchangeId);
      if (exchange === undefined) throw new RangeError('no such exchange was recorded');
      const { signal, ...init } = exchange.init;
      return options.upstream(exchange.url.href, init);
    },
    swapUser(victim, other) {
      swaps.push(makeUserSwap(traffic, victim, other));
    },
    dropWrites(predicate) {
      if (options.snapshot === undefined || options.restore === undefined)
        throw new TypeError('dropWrites needs snapshot() and restore()');
      isDropped = (exchange) => exchange.method !== 'GET' && predicate(exchange);
    },
    honest() {
      lies.splice(0);
      swaps.splice(0);
      isDropped = never;
    },
    forget() {
      for (const list of [traffic, recordings, strayed]) list.splice(0);
    },
    snapshot,
    restore,
  };
}
