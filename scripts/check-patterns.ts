/**
 * @file Checks that no regular expression of what is shipped, and none of the contract's schemas, takes more than
 * linear time on any text (recheck). What was found once is kept in patterns/safe.json, so that only new ones
 * are looked at; `--all` looks at all of them again.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import type * as recheck from 'recheck';
import { patternsOf, type SourcePattern } from './patterns/source-patterns.ts';

process.env['RECHECK_BACKEND'] = 'pure';
// Read after that, because it looks at it once.
const { checkSync } = createRequire(import.meta.url)('recheck') as Pick<typeof recheck, 'checkSync'>;

const root = fileURLToPath(new URL('../', import.meta.url));
const SAFE = `${root}scripts/patterns/safe.json`;
const TIMEOUT_MS = 60_000;

/** Where a pattern is made at run time, and why that is none that a caller chooses. */
const RUN_TIME: Readonly<Record<string, string>> = {
  'packages/contract/src/decode.ts': 'the patterns of the schemas, which are looked at here',
  'packages/sdk/src/testing/exchange.ts': 'the paths of the contract',
};

const files = globSync(['{apps,packages}/*/src/**/*.ts', 'scripts/**/*.ts', 'deploy/*.mjs', 'test/*.ts'], {
  cwd: root,
})
  .filter((path) => !path.endsWith('.test.ts'))
  .toSorted();
const found = files.map((path) => patternsOf(path, readFileSync(root + path, 'utf8')));
const patterns = [...found.flatMap((file) => file.patterns), ...schemaPatterns()];
const faults = found
  .flatMap(({ madeAtRunTime }) => madeAtRunTime)
  .filter((at) => !Object.keys(RUN_TIME).some((path) => at.startsWith(`${path}:`)))
  .map((at) => `${at}: a pattern is made of what is not written there`);

const known = new Set(
  process.argv.includes('--all') ? [] : (JSON.parse(readFileSync(SAFE, 'utf8')) as string[]),
);
const safe = new Set<string>();
let looked = 0;
for (const pattern of patterns) {
  const key = keyOf(pattern);
  if (safe.has(key)) continue;
  if (!known.has(key)) {
    looked += 1;
    const fault = faultOf(pattern);
    if (fault !== undefined) {
      faults.push(`${pattern.at}: /${pattern.source}/${pattern.flags} ${fault}`);
      continue;
    }
  }
  safe.add(key);
}

// A check that cannot fail is none.
const planted = patternsOf('planted.ts', 'const a = /^(a+)+$/; const b = new RegExp(process.argv[2]);');
if (
  planted.patterns.length !== 1 ||
  planted.madeAtRunTime.length !== 1 ||
  planted.patterns.every((pattern) => faultOf(pattern) === undefined)
)
  faults.push('the check itself misses what it looks for');
if (patterns.length < 100) faults.push(`only ${patterns.length} patterns were found`);

for (const fault of faults) console.error(fault);
console.log(`${safe.size} patterns, ${looked} of them looked at now, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
else if (looked > 0 && process.env['CI'] === undefined)
  writeFileSync(SAFE, `${JSON.stringify([...safe].toSorted(), undefined, 2)}\n`);

function keyOf({ source, flags }: SourcePattern): string {
  return `/${source}/${flags}`;
}

function faultOf({ source, flags }: SourcePattern): string | undefined {
  const verdict = checkSync(source, flags, { timeout: TIMEOUT_MS, randomSeed: 1 });
  if (verdict.status === 'safe') return undefined;
  if (verdict.status === 'unknown') return `could not be judged: ${verdict.error.kind}`;
  // recheck counts the steps of a matcher of its own; what V8 matches at once is no attack.
  return isSlow(source, flags, verdict.attack.string)
    ? `takes ${verdict.complexity.summary} time`
    : undefined;
}

/** True if V8 takes more than a tenth of a second. */
function isSlow(source: string, flags: string, text: string): boolean {
  const begin = performance.now();
  try {
    runInNewContext('new RegExp(source, flags).test(text)', { source, flags, text }, { timeout: 1_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  }
  return performance.now() - begin > 100;
}

/** What requests and answers are matched with. */
function schemaPatterns(): SourcePattern[] {
  const path = 'packages/contract/openapi.json';
  const sources = new Set<string>();
  JSON.parse(readFileSync(root + path, 'utf8'), (name, value: unknown) => {
    if (name === 'pattern' && typeof value === 'string') sources.add(value);
    return value;
  });
  return [...sources].map((source) => ({ source, flags: 'u', at: path }));
}
