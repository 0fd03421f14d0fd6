/**
 * @file Checks the documents that name tests as proof (see [Note: Evidence]): every claim is there once and
 * names a test, a file or a reason, and every file and every title exists. With `--ran` every test must also have run
 * and passed in the last run of the suites.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Claim, claimsOf } from './evidence/references.ts';
import { readAsvs, readOthers } from './evidence/standards.ts';
import { faultOf, readTestResults, skippedOf, type TestResult } from './evidence/test-results.ts';
import { isWritten } from './evidence/titles.ts';

const here = new URL('../', import.meta.url);
const root = fileURLToPath(here);
const RESULTS = `${root}node_modules/.cache/zkvault/test-results.json`;

/** The documents, and the numbers that each must have. */
const documents: Readonly<Record<string, readonly string[]>> = {
  'docs/requirements.md': [...numbers('', 238), ...numbers('C', 40)],
  'docs/asvs.md': readAsvs(here).requirements.map(({ id }) => id),
  'docs/security-standards.md': Object.values(readOthers(here)).flatMap(({ requirements }) =>
    requirements.map(({ id }) => id),
  ),
};

const results = process.argv.includes('--ran') ? readTestResults(RESULTS) : undefined;
let claims = 0;
let faults = 0;
for (const [document, ids] of Object.entries(documents)) {
  const markdown = readFileSync(root + document, 'utf8');
  for (const fault of check(markdown, ids, results)) {
    faults += 1;
    console.error(`${document}: ${fault}`);
  }
  for (const { file, title } of skippedOf(
    claimsOf(markdown).flatMap(({ tests }) => tests),
    results ?? [],
  ))
    console.log(`${document}: "${title}" was skipped in ${file}`);
  claims += ids.length;
}

// A check that cannot fail is none.
const planted = [
  '| 1 | a | `nowhere/a.test.ts` "b" |',
  '| 1 | a | because |',
  '| 3 | a | `apps/server/src/http/http.test.ts` "makes coffee" `.oxlintrc.json` "no-coffee" |',
].join('\n');
if (check(planted, ['1', '2', '3'], []).length !== 8) {
  faults += 1;
  console.error('the check itself misses what it looks for');
}
console.log(`${claims} claims, ${faults} faults${results === undefined ? '' : ', against the last run'}`);
if (faults > 0) process.exitCode = 1;

function check(markdown: string, ids: readonly string[], ran: readonly TestResult[] | undefined): string[] {
  const found = claimsOf(markdown);
  const missing = ids.filter((id) => !found.some((claim) => claim.id === id));
  const doubled = found.filter(({ id }, index) => found.findIndex((other) => other.id === id) !== index);
  const bare = found.filter(
    ({ tests, rules, files, isReasoned }) => tests.length + rules.length + files.length === 0 && !isReasoned,
  );
  const faultsOfRows = found.flatMap((claim) => faultsOf(claim, ran).map((fault) => `${claim.id}: ${fault}`));
  return [
    ...missing.map((id) => `${id} is missing`),
    ...doubled.map(({ id }) => `${id} stands there twice`),
    ...bare.map(({ id }) => `${id} names neither a test, a file nor a reason`),
    ...faultsOfRows,
  ];
}

function faultsOf({ tests, rules, files }: Claim, ran: readonly TestResult[] | undefined): readonly string[] {
  const titled = [...tests, ...rules];
  return [
    ...[...files.map((file) => ({ file })), ...titled]
      .filter((reference) => !exists(reference))
      .map(({ file }) => `${file} does not exist`),
    ...tests
      .filter((test) => exists(test) && !isWritten(root, test))
      .map(({ file, title }) => `no "${title}" is written in ${file}`),
    ...rules
      .filter((rule) => exists(rule) && !readFileSync(root + rule.file, 'utf8').includes(rule.title))
      .map(({ file, title }) => `no "${title}" is in ${file}`),
    // Slow suites have a run of their own.
    ...tests
      .filter(({ file }) => !file.endsWith('.slow.test.ts'))
      .flatMap((test) => (ran === undefined ? [] : (faultOf(test, ran) ?? []))),
  ];
}

function numbers(prefix: string, last: number): string[] {
  return Array.from({ length: last }, (_, index) => `${prefix}${index + 1}`);
}

function exists({ file }: { readonly file: string }): boolean {
  return existsSync(root + file);
}
