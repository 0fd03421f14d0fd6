import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { serverProjects } from './apps/server/test/projects.ts';
import { chromiumFlags, chromiumPath } from './test/chromium.ts';
import { resultsReporter } from './test/results-reporter.ts';
import { summaryReporter } from './test/summary-reporter.ts';

const conditions = ['@zkvault/source'];
const resolve = { conditions };
const nodeConditions = ['node', ...conditions];
const ssr = { resolve: { conditions: nodeConditions, externalConditions: nodeConditions } };

/** A project of unit tests that run in Node. */
function nodeProject(name: string, root: string, globalSetup: readonly string[] = []) {
  return {
    resolve,
    ssr,
    test: {
      name,
      root,
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: ['**/*.slow.test.ts', '**/*.fault.test.ts', '**/*.browser.test.ts', '**/node_modules/**'],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      globalSetup: [...globalSetup],
    },
  };
}

/** A project of tests that run in Chromium. */
function browserProject(name: string, root: string) {
  const launchOptions = { executablePath: chromiumPath(), args: [...chromiumFlags] };
  return {
    resolve,
    test: {
      name,
      root,
      include: ['test/**/*.browser.test.ts'],
      testTimeout: 60_000,
      globalSetup: [fileURLToPath(new URL('./test/chromium.ts', import.meta.url))],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions }),
        instances: [{ browser: 'chromium' as const, name }],
      },
    },
  };
}

export default defineConfig({
  test: {
    reporters: ['default', summaryReporter(), resultsReporter()],
    // All cores: the default leaves one free, which on a machine with two is half of it.
    maxWorkers: '100%',
    coverage: {
      provider: 'v8',
      // Each pattern is read from the root of the project that a file belongs to.
      include: ['**/src/**/*.ts'],
      exclude: [
        '**/node_modules/**',
        '**/dist/**',
        '**/*.test.ts',
        '**/apps/bench/**',
        // These run only as processes of their own, which tests start and whose coverage is not seen from here.
        '**/src/main.ts',
        '**/src/agent/agent-process.ts',
        'src/processes/**',
      ],
      reporter: ['text-summary', 'json-summary', 'html'],
      thresholds: {
        'packages/crypto-core/src/**': { lines: 100, branches: 100 },
        // All of them; but V8's counts of a hundred workers, added up, lose a line that ran thousands of times now and then.
        'packages/contract/src/**': { lines: 99 },
        'apps/server/src/**': { lines: 90 },
      },
    },
    projects: [
      nodeProject('contract', 'packages/contract'),
      nodeProject('crypto-core', 'packages/crypto-core'),
      browserProject('crypto-core-browser', 'packages/crypto-core'),
      nodeProject('sdk', 'packages/sdk'),
      browserProject('sdk-browser', 'packages/sdk'),
      nodeProject('cli', 'apps/cli', ['../../test/data-directory.ts', '../../test/bundled-cli.ts']),
      // Its servers run on PostgreSQL as well, so it has the same setup as their own tests.
      nodeProject('e2e', 'apps/e2e', ['../server/test/postgres-setup.ts', '../../test/data-directory.ts']),
      ...serverProjects,
    ],
  },
});
