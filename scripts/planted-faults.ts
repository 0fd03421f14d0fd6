/**
 * @file Shows that the attack suite can fail: leaves one check out of a copy of the client at a time, runs the
 * test that must notice, and writes which one did into docs/adversary.md. Run by `pnpm test:planted`; with
 * words, only the faults whose names contain one of them, and only their rows.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlantedFault, plantedFaults } from './planted-faults/faults.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const page = join(root, 'docs/adversary.md');
const BEGIN = '<!-- planted faults: written by `pnpm test:planted` -->';
const END = '<!-- end of planted faults -->';

interface Verdict {
  readonly fault: PlantedFault;
  readonly failed: readonly string[];
}

/** A copy of the client's packages that tests can run in, over the same dependencies. */
function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'zkvault-planted-'));
  for (const name of ['contract', 'crypto-core', 'sdk'])
    cpSync(join(root, 'packages', name), join(copy, 'packages', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/\/(dist|coverage)(\/|$)/.test(path),
    });
  for (const name of ['tsconfig.base.json', 'package.json']) cpSync(join(root, name), join(copy, name));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const conditions = `['@zkvault/source']`;
  const nodeConditions = `['node', '@zkvault/source']`;
  writeFileSync(
    join(copy, 'vitest.config.js'),
    `export default {
      resolve: { conditions: ${conditions} },
      ssr: { resolve: { conditions: ${nodeConditions}, externalConditions: ${nodeConditions} } },
      test: { testTimeout: 120000, exclude: ['**/*.browser.test.ts', '**/*.slow.test.ts', '**/node_modules/**'] },
    };\n`,
  );
  return copy;
}

/** Replaces a piece of source. @throws {Error} it is not there exactly once. */
function plant(copy: string, { name, file, from, to }: PlantedFault): () => void {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const count = source.split(from).length - 1;
  if (count !== 1) throw new Error(`"${name}": the text to replace occurs ${count} times in ${file}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  return () => writeFileSync(path, source);
}

/** Runs tests of a copy. @returns the titles of those that failed; undefined if none ran. */
async function runTests(copy: string, suite: string, test: string): Promise<readonly string[] | undefined> {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const words = [
    vitest,
    'run',
    '--root',
    copy,
    suite,
    '-t',
    test,
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const child = spawn(process.execPath, words, { cwd: copy, stdio: 'ignore' });
  await new Promise((resolve) => child.on('close', resolve));
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
    }[];
  };
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'skipped');
  const failed = ran.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName.trim());
  return ran.length === 0 ? undefined : failed;
}

async function judge(copy: string, fault: PlantedFault): Promise<Verdict> {
  const remove = plant(copy, fault);
  try {
    const failed = await runTests(copy, fault.suite, fault.test);
    if (failed === undefined) throw new Error(`"${fault.name}": no test matches ${fault.test}`);
    return { fault, failed };
  } finally {
    remove();
  }
}

function rowOf({ fault, failed }: Verdict): string {
  return `| ${fault.name} | \`${fault.file}\` | ${failed[0]} |`;
}

/** Puts the rows of what ran in place of those there were, in the order of the list; rows of faults no longer there go. */
function writePage(verdicts: readonly Verdict[]): void {
  const text = readFileSync(page, 'utf8');
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (start === -1 || end === -1) throw new Error(`${page} has no place for the table`);
  const before = text.slice(start, end).split('\n');
  const rows = plantedFaults.flatMap((fault) => {
    const verdict = verdicts.find((each) => each.fault === fault);
    return verdict === undefined
      ? before.filter((row) => row.startsWith(`| ${fault.name} |`))
      : [rowOf(verdict)];
  });
  const table = ['| left out | in | noticed by |', '|---|---|---|', ...rows].join('\n');
  writeFileSync(page, `${text.slice(0, start)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`);
}

const words = process.argv.slice(2);
const chosen = plantedFaults.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const copy = makeCopy();
try {
  const verdicts: Verdict[] = [];
  for (const { suite, test } of chosen.slice(0, 1)) {
    const failed = await runTests(copy, suite, test);
    if (failed === undefined || failed.length > 0) throw new Error('the copy fails without any fault in it');
  }
  for (const fault of chosen) {
    const verdict = await judge(copy, fault);
    verdicts.push(verdict);
    console.log(
      `${verdict.failed.length > 0 ? 'noticed' : 'MISSED '}  ${fault.name}: ${verdict.failed[0] ?? 'no test failed'}`,
    );
  }
  const missed = verdicts.filter(({ failed }) => failed.length === 0);
  if (missed.length > 0) process.exitCode = 1;
  else writePage(verdicts);
  console.log(`${verdicts.length - missed.length} of ${verdicts.length} planted faults were noticed`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
