/** @file Clients that write while the links between them, the server and its database do what networks do. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { Damage } from './figures.ts';
import { type Link, openLink } from './link.ts';
import { writeWithRetries } from './plain-writers.ts';
import { type SupervisedServer, waitUntilReady } from './supervised-server.ts';
import { startWriters } from './writers.ts';

const FATES = ['cut', 'black-hole', 'slow', 'lose-answer'] as const;

/** How much is written, and when it ends, however much that was. */
export interface LinkCampaign {
  readonly writes: number;
  readonly dice: Dice;
  readonly limitMs: number;
}

/** What came of it. */
export interface LinkReport {
  readonly damage: Damage;
  /** Requests that were sent again with the same Idempotency-Key by the test; those of the SDK are not counted. */
  readonly repetitions: number;
  readonly met: Link['met'];
  readonly surprises: readonly string[];
}

/** The SDK writes through a bad link to the server until so many writes are acknowledged. */
export async function writeThroughClientLink(
  server: SupervisedServer,
  { writes, dice, limitMs }: LinkCampaign,
): Promise<LinkReport> {
  const weather = { dice, badPart: 1, fates: FATES, latestPiece: 40, holeMs: 5_000 };
  const link = await openLink(server.port, weather);
  const writers = await startWriters({
    count: 6,
    quietUrl: server.baseUrl,
    baseUrl: `http://127.0.0.1:${link.port}`,
    dice,
    batchSize: 30,
    timeoutMs: 1_500,
  });
  link.worsen();
  await untilAcknowledged(writers, writes, limitMs);
  await writers.stop();
  link.heal();
  const damage = await writers.check(server.baseUrl);
  await link.close();
  return { damage, repetitions: 0, met: link.met, surprises: writers.surprises };
}

/** The plain surface is written to through a bad link, each write until it is acknowledged. */
export async function retryThroughClientLink(
  server: SupervisedServer,
  { writes, dice, limitMs }: LinkCampaign,
): Promise<LinkReport> {
  const weather = { dice, badPart: 1, fates: FATES, latestPiece: 60, holeMs: 5_000 };
  const link = await openLink(server.port, weather);
  link.worsen();
  const { repetitions, surprises, ...damage } = await writeWithRetries({
    writes,
    limitMs,
    accounts: 8,
    lanes: 6,
    quietUrl: server.baseUrl,
    baseUrl: `http://127.0.0.1:${link.port}`,
    timeoutMs: 3_000,
  });
  await link.close();
  return { damage, repetitions, met: link.met, surprises };
}

/** The SDK writes to a server whose link to its database is bad. */
export async function writeThroughDatabaseLink(
  { server, link }: { readonly server: SupervisedServer; readonly link: Link },
  { writes, dice, limitMs }: LinkCampaign,
): Promise<LinkReport> {
  const writers = await startWriters({
    count: 6,
    quietUrl: server.baseUrl,
    baseUrl: server.baseUrl,
    dice,
    batchSize: 8,
    timeoutMs: 10_000,
  });
  link.worsen();
  // Those that were open when the weather was good would never meet it.
  link.forgetAll();
  await untilAcknowledged(writers, writes, limitMs);
  await writers.stop();
  link.heal();
  await waitUntilReady(server.baseUrl, performance.now() + 60_000);
  const damage = await writers.check(server.baseUrl);
  return { damage, repetitions: 0, met: link.met, surprises: writers.surprises };
}

/** @throws {Error} nothing was acknowledged for a minute. */
async function untilAcknowledged(
  writers: { acknowledged(): number; readonly surprises: readonly string[] },
  writes: number,
  limitMs: number,
): Promise<void> {
  const end = performance.now() + limitMs;
  let [seen, seenAt] = [0, performance.now()];
  while (writers.acknowledged() < writes && performance.now() < end) {
    if (writers.acknowledged() !== seen) [seen, seenAt] = [writers.acknowledged(), performance.now()];
    if (performance.now() - seenAt > 60_000)
      throw new Error(`no write came through any more, after ${seen}: ${writers.surprises.join('; ')}`);
    await sleep(20);
  }
}
