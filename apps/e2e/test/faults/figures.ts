/** @file What a scenario has come to, kept for the table that scripts/reliability.ts writes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { resolve } from 'node:path';

/** True if servers and databases go first; see priority.ts. */
export const isRealtime: boolean = process.env['ZKVAULT_FAULTS_REALTIME'] === '1';

const FOLDER = resolve(import.meta.dirname, '../../../../node_modules/.cache/zkvault/faults');

/** What is counted in every scenario with writers. */
export interface Damage {
  /** Writes whose answer said that they are kept. */
  readonly acknowledged: number;
  /** Writes that got no answer, or a refusal; they may be there or not. */
  readonly unanswered: number;
  /** Acknowledged and not there. */
  readonly lost: number;
  /** Commits of several entries of which only some are there, and values nobody wrote. */
  readonly torn: number;
  /** Entries that are there twice. */
  readonly doubled: number;
  /** Honest clients whose session ended. */
  readonly loggedOut: number;
}

/** Forgets those of the run before, unless only some scenarios are run anew: the global setup of the suite. */
export function setup(): void {
  if (process.env['ZKVAULT_FAULTS_KEEP'] !== '1') rmSync(FOLDER, { recursive: true, force: true });
}

/** Keeps the figures of one scenario of the suite. */
export function keepFigures(
  scenario: string,
  of: { readonly seed?: number; readonly startedAtMs: number },
  figures: Readonly<Record<string, number | string>>,
): void {
  mkdirSync(FOLDER, { recursive: true });
  const kept = {
    scenario,
    ...(of.seed === undefined ? {} : { seed: of.seed }),
    at: new Date(of.startedAtMs).toISOString(),
    seconds: Math.round((Date.now() - of.startedAtMs) / 1_000),
    share: Number(process.env['ZKVAULT_FAULTS_SHARE'] ?? '1'),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    node: process.version,
    isRealtime,
    figures,
  };
  writeFileSync(
    resolve(FOLDER, `${scenario.replaceAll(/[^a-z0-9]+/gi, '-')}.json`),
    `${JSON.stringify(kept, undefined, 2)}\n`,
  );
  process.stdout.write(`faults: ${scenario}: ${JSON.stringify(figures)}\n`);
}

/** The value below which a part of the values lies, whole. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0);
}
