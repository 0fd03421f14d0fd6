/** @file Faults whose tests are not part of the fault suite, for the table of docs/reliability.md. */

/** A fault, and the file that tests it. */
export const elsewhere: readonly { readonly fault: string; readonly file: string }[] = [
  {
    fault:
      'the audit table cannot be written: every route that changes state refuses, and nothing is changed',
    file: 'apps/server/src/features/audit/recorded-routes.test.ts',
  },
  {
    fault: 'five servers migrate at once; an older server meets a newer schema',
    file: 'apps/server/src/db/migrate.postgres.test.ts',
  },
  {
    fault: 'connections that the database ends; a lock that is not given',
    file: 'apps/server/src/db/lost-connection.postgres.test.ts',
  },
  {
    fault: 'SIGTERM with a request under way, a second signal, no end in time',
    file: 'apps/server/test/stop.postgres.test.ts',
  },
  { fault: 'killed while it makes its embedded database', file: 'apps/server/test/crash.pglite.test.ts' },
  {
    fault: 'killed while the SDK writes to the embedded database, small',
    file: 'apps/e2e/test/restart.test.ts',
  },
  {
    fault: 'headers and bodies that never end, forged lengths',
    file: 'apps/server/src/http/sockets.pglite.test.ts',
  },
  {
    fault: 'refreshes beside a change of password, on one server',
    file: 'apps/server/src/features/sessions/refresh.race.postgres.test.ts',
  },
  {
    fault: 'the same request eight times at once with one key',
    file: 'apps/server/src/features/idempotency/idempotency.race.postgres.test.ts',
  },
  { fault: 'answers lost at each step of a change of keys', file: 'apps/e2e/test/account-rekey.test.ts' },
  { fault: 'passwords guessed for days', file: 'apps/server/src/features/auth/login.guessing.slow.test.ts' },
  {
    fault: 'what one of two servers has done is known to the other',
    file: 'apps/e2e/test/two-servers.test.ts',
  },
  {
    fault: 'backup, loss of the machine, restore, and what clients notice',
    file: 'apps/e2e/test/backup.test.ts',
  },
  {
    fault: 'everything is stolen: dump, files, logs, heap and memory',
    file: 'apps/e2e/test/stolen-everything.test.ts',
  },
  { fault: 'this suite, small', file: 'apps/e2e/test/faults/sample.test.ts' },
];
