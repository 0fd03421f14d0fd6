/** @file Refreshes of sessions, against the bare statements of a rotation. */
import type { LoginAnswer } from '@zkvault/contract';
import { call, timesPerSecond } from './http.ts';
import type { Comparison } from './measure.ts';
import { loginBody, makePerson } from './people.ts';
import { type Servers, WARM_UPS } from './server-benches.ts';

const LANES = 8;
const SECONDS = 2;

/** Eight devices that refresh again and again, each with the token it got last. */
export async function refreshBench({ product, ceiling }: Servers): Promise<Comparison> {
  const tokens: string[] = [];
  for (let lane = 0; lane < LANES; lane += 1) {
    const person = await makePerson(product);
    const body = JSON.stringify(loginBody(person));
    const answer = await call(`${product}/api/v1/auth/login`, { method: 'POST', body });
    tokens.push((JSON.parse(answer.text()) as LoginAnswer).refreshToken!);
  }
  const bare = await Promise.all(
    tokens.map(async () => (await call(`${ceiling}/tokens`, { method: 'POST' })).text()),
  );
  return {
    name: 'refresh, 8 at once',
    unit: 'refreshes/s',
    ceiling: 'bare Fastify, the prepared statements of the rotation in one transaction',
    target: { atLeast: 0.6 },
    warmUps: WARM_UPS,
    subject: () => refreshAt(`${product}/api/v1/auth/refresh`, tokens),
    reference: () => refreshAt(`${ceiling}/refresh`, bare),
  };
}

function refreshAt(url: string, held: string[]): Promise<number> {
  return timesPerSecond(LANES, SECONDS, async (lane) => {
    const body = JSON.stringify({ refreshToken: held[lane] });
    const answer = await call(url, { method: 'POST', body });
    held[lane] = (JSON.parse(answer.text()) as { refreshToken: string }).refreshToken;
  });
}
