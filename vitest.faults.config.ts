import { defineConfig } from 'vitest/config';

const conditions = ['@zkvault/source'];

/** The fault suite: `*.fault.test.ts`, one at a time, each with servers and databases of its own; 20 minutes in all. */
export default defineConfig({
  test: {
    fileParallelism: false,
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions, externalConditions: conditions } },
        test: {
          name: 'faults',
          root: 'apps/e2e',
          include: ['test/faults/*.fault.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          globalSetup: [
            './test/faults/figures.ts',
            '../server/test/postgres-setup.ts',
            '../../test/data-directory.ts',
          ],
        },
      },
    ],
  },
});
