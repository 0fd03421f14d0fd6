/** @file The server's tests twice: the same files on PostgreSQL and on embedded PGlite. */

const conditions = ['@zkvault/source'];

/**
 * The two vitest projects of the server. Files named `*.postgres.test.ts` need connections that race,
 * files named `*.pglite.test.ts` are about the embedded database or about no database: once is enough.
 */
export const serverProjects = [
  project('server-postgres', './test/postgres-setup.ts', ['**/*.pglite.test.ts']),
  // What is about HTTP alone need not be asked of both databases; nor what is tried many times at once, which on
  // PGlite's one connection is one after the other.
  project('server-pglite', './test/pglite-setup.ts', [
    '**/*.postgres.test.ts',
    '**/http/!(*.pglite).test.ts',
    '**/*.attempt-cap.test.ts',
    '**/*.replay.test.ts',
    '**/*.rate-limit.test.ts',
    '**/*.stolen-database.test.ts',
  ]),
];

function project(name: string, globalSetup: string, exclude: readonly string[]) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      root: 'apps/server',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: ['**/*.slow.test.ts', ...exclude],
      globalSetup: [globalSetup],
      // Each file has a database of its own. Everything else may be shared: loading the server and compiling
      // PGlite anew for each file took longer than most files' tests.
      isolate: false,
      testTimeout: 30_000,
      hookTimeout: 60_000,
    },
  };
}
