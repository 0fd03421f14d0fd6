/** @file The outcome of a run: a table for people, JSON for programs. */
import { execFileSync } from 'node:child_process';
import { arch, cpus, platform } from 'node:os';
import type { Outcome, Target } from './measure.ts';
import type { MixedOutcome } from './mixed.ts';

/** Everything a run says. */
export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly postgres: string;
  readonly commit: string;
  readonly outcomes: readonly Outcome[];
  readonly mixed: readonly MixedOutcome[];
}

/** Describes this run. */
export function makeReport(
  postgres: string,
  outcomes: readonly Outcome[],
  mixed: readonly MixedOutcome[],
): Report {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${platform()} ${arch()}`,
    node: process.version,
    postgres,
    commit: currentCommit(),
    outcomes,
    mixed,
  };
}

function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown'; // A tarball without git is a fine place to measure, too.
  }
}

/** A Markdown table, which a terminal shows well enough. */
export function toMarkdown(report: Report): string {
  const { date, machine, node, postgres, commit, outcomes, mixed } = report;
  const rows = outcomes.map(
    ({ name, unit, ceiling, target, rounds, subject, reference, ratio, lowestRatio, highestRatio }) =>
      `| ${name} | ${short(subject)} ${unit} | ${short(reference)} | **${ratio.toFixed(2)}** | ${inWords(target)} | ${lowestRatio.toFixed(2)} to ${highestRatio.toFixed(2)} | ${rounds} | ${ceiling} |`,
  );
  return [
    `${date} · commit ${commit} · Node ${node} · PostgreSQL ${postgres} · ${machine}`,
    '',
    ...(outcomes.length === 0 ? [] : [...OUTCOME_HEAD, ...rows, '']),
    ...mixed.flatMap(mixedTable),
  ].join('\n');
}

const OUTCOME_HEAD = [
  '| what | zkvault | ceiling | ratio | target | range | rounds | the ceiling is |',
  '|---|--:|--:|--:|--:|--:|--:|---|',
];

function mixedTable({
  processes,
  people,
  seconds,
  errors,
  cameBack,
  latencies,
}: MixedOutcome): readonly string[] {
  const counts = new Map<string, number>();
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [
    `Mixed traffic of ${people} people for ${seconds} s, server processes: ${processes}; errors: ${errors.length}; logins told to come back: ${cameBack}.`,
    ...[...counts].map(([error, count]) => `${count} × ${error}`),
    '',
    '| request | answered | p50 | p99 | p99 of the last quarter to that of the first |',
    '|---|--:|--:|--:|--:|',
    ...latencies.map(
      ({ kind, requests, p50, p99, growth }) =>
        `| ${kind} | ${short(requests)} | ${short(p50)} ms | ${short(p99)} ms | ${growth.toFixed(2)} |`,
    ),
    '',
  ];
}

/** Three digits at least, and no fraction that says nothing. */
function short(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

function inWords(target: Target | undefined): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}
