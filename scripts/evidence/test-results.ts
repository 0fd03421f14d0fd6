/** @file What the last run of the tests found, as the reporter of the suites wrote it. */
import { readFileSync } from 'node:fs';
import type { TestReference } from './references.ts';

/** One test of a run. */
export interface TestResult {
  /** From the root of the repository. */
  readonly file: string;
  /** The titles of its groups and its own, with ` > ` between. */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
}

/** The references whose tests were all skipped, for want of something on this machine. */
export function skippedOf(
  references: readonly TestReference[],
  results: readonly TestResult[],
): readonly TestReference[] {
  return references.filter(({ file, title }) => {
    const found = results.filter((result) => result.file === file && isNamed(result.title, title));
    return found.length > 0 && found.every(({ state }) => state === 'skipped');
  });
}

/** Reads the results of the last run. @throws {Error} there was none. */
export function readTestResults(path: string): readonly TestResult[] {
  return JSON.parse(readFileSync(path, 'utf8')) as readonly TestResult[];
}

/**
 * What is wrong with a reference, or undefined if the tests it names ran and passed, or said that what they
 * need is not on this machine.
 */
export function faultOf({ file, title }: TestReference, results: readonly TestResult[]): string | undefined {
  const found = results.filter((result) => result.file === file && isNamed(result.title, title));
  if (found.length === 0) return `no test "${title}" ran in ${file}`;
  if (found.some(({ state }) => state === 'failed')) return `"${title}" failed in ${file}`;
  return undefined;
}

/** True if a test bears a title itself, or is in a group that bears it; `…` stands for the rest of a title. */
function isNamed(fullTitle: string, title: string): boolean {
  const framed = ` > ${fullTitle} > `;
  const wanted = title.endsWith('…') ? title.slice(0, -1) : `${title} > `;
  return framed.includes(` > ${wanted}`);
}
