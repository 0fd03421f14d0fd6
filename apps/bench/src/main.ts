/**
 * @file `pnpm bench [NAME …] [--rounds N] [--json FILE]`: every figure a ratio to a ceiling measured in
 * the same run, in rounds that take turns. Talks to 127.0.0.1 only and ends by itself.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startTemporaryPostgres } from '../../../test/temporary-postgres.ts';
import { startChild } from './child.ts';
import { type Comparison, compare, type Outcome } from './measure.ts';
import { openBench } from './open-bench.ts';
import { makeReport, toMarkdown } from './report.ts';
import { entryBenches, loginBench, type Servers } from './server-benches.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
  throw new RangeError('--rounds must be an integer from 1 to 100');

const postgres = await startTemporaryPostgres({ synchronous_commit: 'on', max_connections: '100' });
try {
  const product = await startChild('zkvault-server', await makeDatabase('zkvault_bench'));
  const ceiling = await startChild('ceiling-server', await makeDatabase('ceiling_bench'));
  try {
    await run({ product: product.url, ceiling: ceiling.url });
  } finally {
    await product.stop();
    await ceiling.stop();
  }
} finally {
  await postgres.stop();
}

async function run(servers: Servers): Promise<void> {
  const groups: Readonly<Record<string, () => Promise<readonly Comparison[]>>> = {
    entries: () => entryBenches(servers),
    login: async () => [await loginBench(servers)],
    open: async () => [await openBench(servers.product)],
  };
  const unknown = positionals.filter((name) => !Object.hasOwn(groups, name));
  if (unknown.length > 0)
    throw new RangeError(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`);
  const outcomes: Outcome[] = [];
  for (const [group, prepare] of Object.entries(groups)) {
    if (positionals.length > 0 && !positionals.includes(group)) continue;
    for (const comparison of await prepare())
      outcomes.push(
        await compare(comparison, rounds, (round) => {
          process.stderr.write(`${comparison.name}: round ${round} of ${rounds}\n`);
        }),
      );
  }
  const report = makeReport(await postgresVersion(), outcomes);
  process.stdout.write(`\n${toMarkdown(report)}`);
  if (values.json !== undefined) {
    const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.json);
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  }
}

/** Makes an empty database and gives its URL. */
async function makeDatabase(name: string): Promise<string> {
  await query(`create database ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function postgresVersion(): Promise<string> {
  const [row] = await query('show server_version');
  return String(row?.['server_version']);
}

async function query(statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
