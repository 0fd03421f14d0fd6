/**
 * @file Checks that every workflow is YAML, gives its jobs no permission by default, and runs no action
 * that somebody could replace: each `uses` names a full commit, with its version beside it.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../', import.meta.url));
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const LINE = /^\s*(?:- )?uses:\s+(\S+)(?:\s+(#\s*v\d+\.\d+\.\d+))?\s*$/;

const workflows = globSync('.github/workflows/*.{yml,yaml}', { cwd: root });
const faults = workflows.flatMap((path) =>
  faultsOf(readFileSync(`${root}${path}`, 'utf8')).map((fault) => `${path}: ${fault}`),
);
parse(readFileSync(`${root}.github/dependabot.yml`, 'utf8'));

// A check that cannot fail is none.
const planted = faultsOf(
  'permissions: write-all\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v6\n',
);
if (planted.length !== 3) faults.push('the check itself misses what it looks for');
if (workflows.length === 0) faults.push('no workflow was found');

for (const fault of faults) console.error(fault);
console.log(`${workflows.length} workflows, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

function faultsOf(text: string): string[] {
  const workflow = parse(text) as {
    readonly permissions?: unknown;
    readonly jobs?: Readonly<Record<string, unknown>>;
  };
  const found: string[] = [];
  if (JSON.stringify(workflow.permissions) !== '{}') found.push('permissions is not {} at the top');
  for (const [name, job] of Object.entries(workflow.jobs ?? {}))
    if (!Object.hasOwn(job as object, 'permissions')) found.push(`job ${name} does not name its permissions`);
  for (const line of text.split('\n').filter((candidate) => /\buses:/.test(candidate))) {
    const [, action = '', version] = LINE.exec(line) ?? [];
    if (!PINNED.test(action) || version === undefined)
      found.push(`not pinned with its version: ${line.trim()}`);
  }
  return found;
}
