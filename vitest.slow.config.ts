import { defineConfig } from 'vitest/config';

const conditions = ['@zkvault/source'];
const nodeConditions = ['node', ...conditions];

/** The suites that take minutes: `*.slow.test.ts`, on PostgreSQL, one at a time, because some measure time. */
export default defineConfig({
  test: {
    fileParallelism: false,
    projects: [
      'apps/server',
      'apps/e2e',
      'apps/cli',
      'packages/contract',
      'packages/crypto-core',
      'packages/sdk',
    ].map((root) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions: nodeConditions, externalConditions: nodeConditions } },
      test: {
        name: `${root.split('/')[1]}-slow`,
        root,
        include: ['src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'],
        testTimeout: 900_000,
        hookTimeout: 120_000,
        globalSetup: root.startsWith('apps/')
          ? ['../server/test/postgres-setup.ts', '../../test/bundled-cli.ts']
          : [],
      },
    })),
  },
});
