/**
 * @file Callers of the plain surface that send every write until it is acknowledged, each time with the same
 * Idempotency-Key. The server makes the ids, so that only the key keeps a repetition from being a second entry.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Damage } from './figures.ts';

/** An account of its own format, logged in. */
export interface PlainAccount {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly login: string;
  readonly authKey: string;
}

/** Registers an account without key material and logs it in. */
export async function makePlainAccount(baseUrl: string): Promise<PlainAccount> {
  const account = {
    login: `plain-${randomBytes(6).toString('hex')}`,
    authKey: randomBytes(32).toString('base64url'),
  };
  await mustPost(`${baseUrl}/api/v1/auth/register`, {
    ...account,
    accountId: randomUUID(),
    profile: 1,
    salt: randomBytes(16).toString('base64url'),
  });
  return { ...account, ...(await logIn(baseUrl, account)) };
}

/** Logs an account in. @throws {Error} it was refused. */
export async function logIn(
  baseUrl: string,
  account: Pick<PlainAccount, 'login' | 'authKey'>,
): Promise<Pick<PlainAccount, 'accessToken' | 'refreshToken'>> {
  const { login, authKey } = account;
  const device = { id: randomUUID(), name: 'a test' };
  const answer = await mustPost(`${baseUrl}/api/v1/auth/login`, {
    login,
    authKey,
    transport: 'body',
    device,
  });
  return (await answer.json()) as Pick<PlainAccount, 'accessToken' | 'refreshToken'>;
}

async function mustPost(url: string, body: object): Promise<Response> {
  let response = await postJson(url, body);
  // A server that is busy with other passwords says so.
  for (let turn = 0; response.status === 503 && turn < 50; turn += 1) {
    await response.arrayBuffer();
    await sleep(200);
    response = await postJson(url, body);
  }
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}

/** Posts JSON. @param timeoutMs until the whole answer is there. */
export function postJson(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
  timeoutMs = 30_000,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** Writes through a link until so many entries are acknowledged, then reads everything back beside it. */
export async function writeWithRetries(options: {
  readonly writes: number;
  readonly limitMs: number;
  readonly accounts: number;
  readonly lanes: number;
  readonly quietUrl: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
}): Promise<Damage & { readonly repetitions: number; readonly surprises: readonly string[] }> {
  const surprises: string[] = [];
  const end = performance.now() + options.limitMs;
  let [left, repetitions, loggedOut] = [options.writes, 0, 0];

  /** @returns true once it is acknowledged, false if it never will be. */
  async function send(account: PlainAccount, ciphertext: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${account.accessToken}`, 'idempotency-key': randomUUID() };
    const body = {
      ciphertext,
      iv: randomBytes(12).toString('base64url'),
      tag: randomBytes(16).toString('base64url'),
    };
    for (;;) {
      const answer = await postJson(`${options.baseUrl}/api/v1/entries`, body, headers, options.timeoutMs)
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch(() => undefined);
      if (answer?.status === 201) return true;
      repetitions += 1;
      if (answer?.status === 401) loggedOut += 1;
      const isForNow = answer === undefined || answer.status === 503 || answer.status === 409;
      if (!isForNow) {
        surprises.push(`${answer.status} ${answer.text}`);
        return false;
      }
      await sleep(20);
    }
  }

  const accounts = await Promise.all(
    Array.from({ length: options.accounts }, () => makePlainAccount(options.quietUrl)),
  );
  let [acknowledged, unanswered, lost, torn, doubled] = [0, 0, 0, 0, 0];
  await Promise.all(
    accounts.map(async (account) => {
      const sent = new Set<string>();
      const lane = async (): Promise<void> => {
        while (left > 0 && performance.now() < end) {
          left -= 1;
          const ciphertext = randomBytes(64).toString('base64url');
          if (await send(account, ciphertext)) sent.add(ciphertext);
          else unanswered += 1;
        }
      };
      await Promise.all(Array.from({ length: options.lanes }, lane));
      const kept = await readAll(options.quietUrl, account);
      const counts = new Map<string, number>();
      for (const ciphertext of kept) counts.set(ciphertext, (counts.get(ciphertext) ?? 0) + 1);
      acknowledged += sent.size;
      lost += [...sent].filter((ciphertext) => !counts.has(ciphertext)).length;
      torn += [...counts.keys()].filter((ciphertext) => !sent.has(ciphertext)).length;
      doubled += [...counts.values()].filter((count) => count > 1).length;
    }),
  );
  return { acknowledged, unanswered, lost, torn, doubled, loggedOut, repetitions, surprises };
}

async function readAll(baseUrl: string, { accessToken }: PlainAccount): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const response = await fetch(`${baseUrl}/api/v1/entries?limit=500${query}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const page = (await response.json()) as {
      readonly items: readonly { readonly ciphertext: string }[];
      readonly nextCursor: string | null;
    };
    found.push(...page.items.map(({ ciphertext }) => ciphertext));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
