import { defineConfig } from 'vitest/config';

const conditions = ['@zkvault/source'];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

/** A project of unit tests that run in Node. */
function nodeProject(name: string, root: string) {
  return {
    resolve,
    ssr,
    test: {
      name,
      root,
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: ['**/*.slow.test.ts', '**/*.browser.test.ts'],
      testTimeout: 30_000,
      hookTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      nodeProject('contract', 'packages/contract'),
      nodeProject('crypto-core', 'packages/crypto-core'),
      nodeProject('sdk', 'packages/sdk'),
      nodeProject('cli', 'apps/cli'),
      nodeProject('e2e', 'apps/e2e'),
    ],
  },
});
