/** @file Writes down which tests ran and how they ended, for the documents that name tests as proof. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const ROOT = resolve(import.meta.dirname, '..');
const FILE = resolve(ROOT, 'node_modules/.cache/zkvault/test-results.json');

/** The reporter, as vitest's configuration takes it. */
export function resultsReporter(): Reporter {
  return {
    onTestRunEnd(modules) {
      mkdirSync(dirname(FILE), { recursive: true });
      writeFileSync(FILE, JSON.stringify(modules.flatMap(resultsOf)));
    },
  };
}

function resultsOf(module: TestModule) {
  const file = relative(ROOT, module.moduleId);
  return [...module.children.allTests()].map((test) => ({
    file,
    title: test.fullName,
    state: test.result().state,
  }));
}
