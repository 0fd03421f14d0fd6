/** @file The outcome of a run: a table for people, JSON for programs. */
import { execFileSync } from 'node:child_process';
import { arch, cpus, platform } from 'node:os';
import type { Outcome } from './measure.ts';

/** Everything a run says. */
export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly postgres: string;
  readonly commit: string;
  readonly outcomes: readonly Outcome[];
}

/** Describes this run. */
export function makeReport(postgres: string, outcomes: readonly Outcome[]): Report {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${platform()} ${arch()}`,
    node: process.version,
    postgres,
    commit: currentCommit(),
    outcomes,
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
  const { date, machine, node, postgres, commit, outcomes } = report;
  const rows = outcomes.map(
    ({ name, unit, ceiling, rounds, subject, reference, ratio, lowestRatio, highestRatio }) =>
      `| ${name} | ${whole(subject)} ${unit} | ${whole(reference)} | **${ratio.toFixed(2)}** | ${lowestRatio.toFixed(2)} to ${highestRatio.toFixed(2)} | ${rounds} | ${ceiling} |`,
  );
  return [
    `${date} · commit ${commit} · Node ${node} · PostgreSQL ${postgres} · ${machine}`,
    '',
    '| what | zkvault | ceiling | ratio | range | rounds | the ceiling is |',
    '|---|--:|--:|--:|--:|--:|---|',
    ...rows,
    '',
  ].join('\n');
}

function whole(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}
