/**
 * @file Checks docs/attacks.json: every attack has a test that exists or a feature it waits for, every test of
 * the attack suite is listed, and every published attack is mapped. Titles are looked for in the test's source.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Registry {
  readonly firstRelease: readonly string[];
  /** The 31 attacks of ePrint 2026/058, by product and number. */
  readonly published: Readonly<Record<string, readonly string[]>>;
  readonly attacks: Readonly<Record<string, Attack>>;
}

interface Attack {
  readonly name: string;
  readonly tests?: readonly { readonly file: string; readonly title: string }[];
  readonly pending?: string;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const PUBLISHED = 31;
const SUITE = 'packages/sdk/test/attacks';

const registry = JSON.parse(readFileSync(`${root}docs/attacks.json`, 'utf8')) as Registry;
const problems = [
  ...Object.entries(registry.attacks).flatMap(([id, attack]) => problemsOf(id, attack)),
  ...registry.firstRelease.flatMap((id) => {
    const isTested = (registry.attacks[id]?.tests ?? []).length > 0;
    return isTested ? [] : [`${id} is of the first release and has no test`];
  }),
  ...Object.entries(registry.published).flatMap(([name, ids]) =>
    ids
      .filter((id) => registry.attacks[id] === undefined)
      .map((id) => `${name} is mapped to ${id}, which is none`),
  ),
  ...(Object.keys(registry.published).length === PUBLISHED
    ? []
    : [`there are ${PUBLISHED} published attacks`]),
  ...unlisted(),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else {
  const attacks = Object.values(registry.attacks);
  const tested = attacks.filter(({ tests }) => tests !== undefined).length;
  console.log(
    `${attacks.length} attacks: ${tested} with tests, ${attacks.length - tested} waiting for a feature`,
  );
}

function problemsOf(id: string, { tests = [], pending }: Attack): readonly string[] {
  if (tests.length === 0 && pending === undefined)
    return [`${id} has neither a test nor a feature it waits for`];
  return tests.flatMap(({ file, title }) => {
    if (!existsSync(`${root}${file}`)) return [`${id}: ${file} does not exist`];
    return readFileSync(`${root}${file}`, 'utf8').includes(title) ? [] : [`${id}: no "${title}" in ${file}`];
  });
}

/** Attacks that are tested and not listed. */
function unlisted(): readonly string[] {
  const ids = readdirSync(`${root}${SUITE}`)
    .filter((file) => file.endsWith('-attacks.ts'))
    .flatMap((file) => [
      ...readFileSync(`${root}${SUITE}/${file}`, 'utf8').matchAll(/\battack\(\s*'([A-G]\d+)'/g),
    ])
    .map(([, id]) => id!);
  return ids
    .filter((id) => !(registry.attacks[id]?.tests ?? []).some(({ file }) => file.startsWith(SUITE)))
    .map((id) => `${id} is in the attack suite and not in docs/attacks.json`);
}
