/** @file One refresh token used many times at once on two servers, and answers that are lost and asked for again. */
import { randomUUID } from 'node:crypto';
import { logIn, makePlainAccount, type PlainAccount, postJson } from './plain-writers.ts';

/** What came of parallel uses. */
export interface ParallelReport {
  readonly requests: number;
  /** Rounds in which not exactly one use won. */
  readonly withoutOneWinner: number;
  /** Tokens of ended sessions that were still good for anything. */
  readonly liveAfterReplay: number;
  /** Answers that are neither a pair nor a refusal. */
  readonly oddAnswers: readonly string[];
}

/** Uses one token in parallel, round after round: the first use wins, the others are replays and end the session. */
export async function raceRefreshes(
  servers: readonly string[],
  { rounds, parallel }: { readonly rounds: number; readonly parallel: number },
): Promise<ParallelReport> {
  const account = await makePlainAccount(servers[0] ?? '');
  const oddAnswers: string[] = [];
  let [withoutOneWinner, liveAfterReplay] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const { refreshToken } = await logIn(servers[round % servers.length] ?? '', account);
    const answers = await Promise.all(
      Array.from({ length: parallel }, (_, index) =>
        refresh(servers[index % servers.length] ?? '', refreshToken),
      ),
    );
    oddAnswers.push(
      ...answers.filter(({ status }) => status !== 200 && status !== 401).map(({ text }) => text),
    );
    const winners = answers.filter(({ status }) => status === 200);
    if (winners.length !== 1) withoutOneWinner += 1;
    for (const server of servers)
      for (const { text } of winners) liveAfterReplay += await countLive(server, JSON.parse(text) as Pair);
  }
  return { requests: rounds * parallel, withoutOneWinner, liveAfterReplay, oddAnswers };
}

type Pair = Pick<PlainAccount, 'accessToken' | 'refreshToken'>;

/** How many of a pair's tokens a server still takes. The refresh token is asked last: the question may end it. */
async function countLive(server: string, { accessToken, refreshToken }: Pair): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const { status } = await fetch(`${server}/api/v1/auth/sessions`, { headers });
  const renewed = await refresh(server, refreshToken);
  return (status === 401 ? 0 : 1) + (renewed.status === 401 ? 0 : 1);
}

/** What came of lost answers. */
export interface LostAnswersReport {
  readonly lostAnswers: number;
  /** Honest clients whose session ended. */
  readonly loggedOut: number;
  /** Retries that got another successor than the lost answer had. */
  readonly otherSuccessors: number;
}

/**
 * Renews sessions again and again; each time the answer is lost, at once or after it was made, and the same
 * request is sent to the other server, while the first may still be at it.
 */
export async function loseRefreshAnswers(
  servers: readonly [string, string],
  { answers, lanes }: { readonly answers: number; readonly lanes: number },
): Promise<LostAnswersReport> {
  const report = { lostAnswers: 0, loggedOut: 0, otherSuccessors: 0 };
  let left = answers;
  async function lane(index: number): Promise<void> {
    const account = await makePlainAccount(servers[0]);
    let { refreshToken } = account;
    for (let turn = index; left > 0; turn += 1) {
      left -= 1;
      const key = randomUUID();
      const [first, second] = turn % 2 === 0 ? servers : [servers[1], servers[0]];
      const lost = refresh(first, refreshToken, key);
      // Every other time the retry overlaps with the request whose answer nobody will hear.
      if (turn % 4 < 2) await lost;
      const retry = await refresh(second, refreshToken, key);
      const unheard = await lost;
      report.lostAnswers += 1;
      if (retry.status !== 200) {
        report.loggedOut += 1;
        ({ refreshToken } = await logIn(first, account));
        continue;
      }
      const next = (JSON.parse(retry.text) as Pair).refreshToken;
      if (unheard.status === 200 && (JSON.parse(unheard.text) as Pair).refreshToken !== next)
        report.otherSuccessors += 1;
      refreshToken = next;
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return report;
}

async function refresh(
  server: string,
  refreshToken: string,
  idempotencyKey?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await postJson(
    `${server}/api/v1/auth/refresh`,
    { refreshToken },
    idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  );
  return { status: response.status, text: await response.text() };
}
