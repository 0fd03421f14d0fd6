/**
 * @file `pnpm bench [NAME …] [--rounds N] [--json FILE] [--document]`: every figure a ratio to a ceiling measured
 * in the same run, in rounds that take turns. Talks to 127.0.0.1 only and ends by itself. `--document` writes
 * docs/performance.md.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startBenchServers } from './bench-servers.ts';
import { clientBenches } from './client-benches.ts';
import { closeBrowser } from './client-benches-browser.ts';
import { writeDocument } from './document.ts';
import { type Comparison, compare, type Outcome } from './measure.ts';
import { type MixedOutcome, playMixed } from './mixed.ts';
import { coldStartBench, idleClientBench, memoryBench } from './process-benches.ts';
import { makeReport, toMarkdown } from './report.ts';
import { entryBenches, loginBench } from './server-benches.ts';
import { refreshBench } from './session-benches.ts';
import { commitBench, deltaSyncBenches, fullSyncBench } from './vault-benches.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    document: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
  throw new RangeError('--rounds must be an integer from 1 to 100');

const MIXED = { people: 200, seconds: 120 } as const;

const bench = await startBenchServers();
try {
  await run();
} finally {
  await closeBrowser();
  await bench.stop();
}

async function run(): Promise<void> {
  const { servers, databases } = bench;
  const groups: Readonly<Record<string, () => Promise<readonly Comparison[]>>> = {
    entries: () => entryBenches(servers),
    commit: async () => [await commitBench(servers)],
    'full-sync': async () => [await fullSyncBench(servers)],
    'delta-sync': () => deltaSyncBenches(servers),
    login: async () => [await loginBench(servers)],
    refresh: async () => [await refreshBench(servers)],
    memory: async () => [memoryBench(databases), idleClientBench(databases)],
    start: async () => [await coldStartBench()],
    ...clientBenches(servers.product),
  };
  const known = [...Object.keys(groups), 'mixed'];
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const isWanted = (name: string) => positionals.length === 0 || positionals.includes(name);
  const outcomes: Outcome[] = [];
  for (const [group, prepare] of Object.entries(groups)) {
    if (!isWanted(group)) continue;
    for (const comparison of await prepare()) outcomes.push(await measured(comparison));
  }
  const mixed = isWanted('mixed') ? await mixedOutcomes() : [];
  const report = makeReport(await bench.postgresVersion(), outcomes, mixed);
  process.stdout.write(`\n${toMarkdown(report)}`);
  if (values.json !== undefined) {
    const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.json);
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (values.document) await writeDocument(toMarkdown(report));
}

function measured(comparison: Comparison): Promise<Outcome> {
  return compare(comparison, rounds, (round) => {
    process.stderr.write(`${comparison.name}: round ${round} of ${rounds}\n`);
  });
}

/** The same people on one process of the server, and spread over two. */
async function mixedOutcomes(): Promise<readonly MixedOutcome[]> {
  const outcomes: MixedOutcome[] = [];
  for (const count of [1, 2]) {
    process.stderr.write(
      `mixed traffic: ${MIXED.seconds} s on ${count} ${count === 1 ? 'process' : 'processes'}\n`,
    );
    const urls = await bench.urlsOf(count);
    outcomes.push(await playMixed(urls, MIXED));
  }
  return outcomes;
}
