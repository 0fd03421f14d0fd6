/** @file Gives the run a dump of one migrated PGlite, from which every test file loads its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { PGLITE_PARSERS } from '../src/db/column-parsers.ts';
import { pgliteConnection } from '../src/db/connect.ts';
import { migrate } from '../src/db/migrate.ts';
import type {} from './test-database.ts';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'zkvault-test-pglite-'));
  const dumpFile = join(directory, 'template.tar');
  const pglite = await PGlite.create({ parsers: PGLITE_PARSERS });
  const connection = pgliteConnection(pglite);
  await migrate(connection.db);
  const dump = await pglite.dumpDataDir('none');
  await writeFile(dumpFile, new Uint8Array(await dump.arrayBuffer()));
  await connection.close();
  project.provide('database', { kind: 'pglite', dumpFile });
  return () => rm(directory, { recursive: true, force: true });
}
