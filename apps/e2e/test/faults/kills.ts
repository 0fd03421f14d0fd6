/** @file Kills a server, its database, or both, at random moments while clients write. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import type { Dice } from './dice.ts';
import { type Damage, quantile } from './figures.ts';
import { type Return, type SupervisedServer, waitUntilReady } from './supervised-server.ts';
import { startWriters } from './writers.ts';

/** What is killed. */
export interface Victims {
  readonly server: SupervisedServer;
  /** Undefined for a server on its embedded database. */
  readonly postgres: TemporaryPostgres | undefined;
}

/** What came of it. */
export interface KillReport {
  readonly kills: number;
  /** From the signal to the first 200 of /readyz; waiting behind other processes of the machine included. */
  readonly readyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The same without the time in which the server's main thread was ready to run and had no CPU. */
  readonly readyMsOnCpu: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Starts that failed because the database was not there yet. */
  readonly failedStarts: number;
  readonly damage: Damage;
  readonly surprises: readonly string[];
}

/** How a campaign goes. */
export interface Campaign {
  readonly what: 'server' | 'postgres' | 'both';
  readonly kills: number;
  readonly writers: number;
  readonly dice: Dice;
  /** When it ends, however many kills that were. */
  readonly limitMs: number;
}

/** Kills as often as asked, each time when everything is ready again and some time has gone by. */
export async function killUnderLoad(victims: Victims, campaign: Campaign): Promise<KillReport> {
  const { server } = victims;
  const { dice } = campaign;
  const writers = await startWriters({
    count: campaign.writers,
    quietUrl: server.baseUrl,
    baseUrl: server.baseUrl,
    dice,
    batchSize: 4,
    timeoutMs: 20_000,
  });
  const returns: Omit<Return, 'exitCode'>[] = [];
  const end = performance.now() + campaign.limitMs;
  for (let kill = 0; kill < campaign.kills && performance.now() < end; kill += 1) {
    const before = writers.acknowledged();
    await sleep(dice.between(5, 250));
    // Somebody must have got through since the last kill, or it met an idle server.
    const deadline = performance.now() + 20_000;
    while (writers.acknowledged() === before && performance.now() < deadline) await sleep(5);
    returns.push(await killOnce(victims, campaign));
  }
  await writers.stop();
  const damage = await writers.check(server.baseUrl);
  const readyMs = returns.map((each) => each.readyMs);
  const onCpu = returns.map((each) => each.readyMs - each.waitedMs);
  const spread = (values: readonly number[]) => ({
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  });
  return {
    kills: returns.length,
    readyMs: spread(readyMs),
    readyMsOnCpu: spread(onCpu),
    failedStarts: returns.reduce((sum, { failedStarts }) => sum + failedStarts, 0),
    damage,
    surprises: writers.surprises,
  };
}

async function killOnce(
  { server, postgres }: Victims,
  { what, dice }: Campaign,
): Promise<Omit<Return, 'exitCode'>> {
  if (what === 'server') return server.restart('SIGKILL');
  if (postgres === undefined) throw new RangeError('there is no PostgreSQL to kill');
  if (what === 'postgres') {
    await postgres.kill();
    const atMs = performance.now();
    await postgres.start();
    await waitUntilReady(server.baseUrl, atMs + 60_000);
    return { readyMs: performance.now() - atMs, waitedMs: 0, failedStarts: 0 };
  }
  const [{ atMs }] = dice.chance(0.5)
    ? await Promise.all([server.end('SIGKILL'), postgres.kill()])
    : await Promise.all([postgres.kill(), server.end('SIGKILL')]).then(([, ended]) => [ended] as const);
  const [back] = await Promise.all([server.startAgain(atMs), postgres.start()]);
  return back;
}
