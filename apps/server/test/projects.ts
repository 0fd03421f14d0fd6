/** @file The server's tests twice: the same files on PostgreSQL and on embedded PGlite. */

const conditions = ['@zkvault/source'];

/**
 * The two vitest projects of the server. Files named `*.postgres.test.ts` need connections that race,
 * files named `*.pglite.test.ts` are about the embedded database or about no database: once is enough.
 */
export const serverProjects = [
  project('server-postgres', './test/postgres-setup.ts', ['**/*.pglite.test.ts']),
  project('server-pglite', './test/pglite-setup.ts', ['**/*.postgres.test.ts']),
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
      testTimeout: 30_000,
      hookTimeout: 60_000,
    },
  };
}
