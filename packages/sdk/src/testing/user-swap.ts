/** @file Gives what is one person's to another: every object that a server keeps, under the victim's ids. */
import type { LoginAnswer } from '@zkvault/contract';
import type { Answer, Exchange } from './exchange.ts';

/** One person in the place of another. */
export interface UserSwap {
  /** Turns a request of the victim into one of the other person. */
  request(url: string, init: RequestInit): { readonly url: string; readonly init: RequestInit };
  /** Turns the answer into one that looks like the victim's. */
  answer(answer: Answer, exchange: Exchange): void;
}

type Login = Pick<
  LoginAnswer,
  'accountId' | 'accessToken' | 'wrap' | 'accountState' | 'identity' | 'vaults' | 'akEpoch'
>;

/**
 * Swaps from what was seen of both.
 *
 * @param traffic grows; the newest login of each counts.
 * @throws {RangeError} one of the two has not logged in.
 */
export function makeUserSwap(traffic: readonly Exchange[], victim: string, other: string): UserSwap {
  const logins = (login: string): readonly Login[] =>
    traffic
      .filter(({ operationId, request }) => operationId === 'login' && loginOf(request) === login)
      .filter(({ honest }) => honest?.status === 200)
      .map(({ honest }) => honest!.json as Login);
  const theirs = logins(other).at(-1);
  const his = logins(victim).at(-1);
  if (theirs === undefined || his === undefined) throw new RangeError('both must have logged in before');
  const pairs: readonly (readonly [string, string])[] = [
    [his.accountId, theirs.accountId],
    ...his.vaults.flatMap(({ id }, index): readonly (readonly [string, string])[] => {
      const vault = theirs.vaults[index];
      return vault === undefined ? [] : [[id, vault.id]];
    }),
  ];
  const toTheirs = (text: string) => pairs.reduce((so, [from, to]) => so.replaceAll(from, to), text);
  const toHis = (text: string) => pairs.reduce((so, [to, from]) => so.replaceAll(from, to), text);
  const isHis = (token: string | null) =>
    token !== null && logins(victim).some(({ accessToken }) => token === `Bearer ${accessToken}`);

  return {
    request(url, init) {
      const headers = new Headers(init.headers);
      if (!isHis(headers.get('authorization'))) return { url, init };
      headers.set('authorization', `Bearer ${logins(other).at(-1)!.accessToken}`);
      return { url: toTheirs(url), init: { ...init, headers } };
    },
    answer(answer, { operationId, request, init }) {
      if (answer.json === undefined) return;
      if (operationId === 'login' && loginOf(request) === victim) {
        const { wrap, accountState, identity, vaults, akEpoch } = theirs;
        Object.assign(answer.json as Login, { wrap, accountState, identity, vaults, akEpoch });
      } else if (!isHis(new Headers(init.headers).get('authorization'))) return;
      answer.json = JSON.parse(toHis(JSON.stringify(answer.json)));
    },
  };
}

function loginOf(request: unknown): unknown {
  return (request as { readonly login?: unknown } | undefined)?.login;
}
