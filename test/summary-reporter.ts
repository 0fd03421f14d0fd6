/**
 * @file Closes a test run with one plain line, `N passed, N failed`, that a machine can read.
 * What failed, and where, is the default reporter's to say.
 */
import type { Reporter, TestModule } from 'vitest/node';

/** The reporter, as vitest's configuration takes it. */
export function summaryReporter(): Reporter {
  let summary: string | undefined;
  return {
    onTestRunEnd(modules, unhandledErrors) {
      // At exit, because the coverage report comes after the end of the run.
      if (summary === undefined) process.once('exit', () => process.stdout.write(`\n${summary}\n`));
      summary = summaryOf(modules, unhandledErrors.length);
    },
  };
}

/** Counts tests; a file or a worker that failed as a whole counts as one failure. */
function summaryOf(modules: readonly TestModule[], otherErrors: number): string {
  let passed = 0;
  let failed = otherErrors;
  let skipped = 0;
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'failed') failed += 1;
      else skipped += 1;
    }
    failed += module.errors().length;
  }
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
