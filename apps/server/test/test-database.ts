/** @file A migrated database of its own for each test file, on whichever engine the project runs. */
import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { inject } from 'vitest';
import { PGLITE_PARSERS } from '../src/db/column-parsers.ts';
import { connect, type LiveConnection, pgliteConnection } from '../src/db/connect.ts';

declare module 'vitest' {
  interface ProvidedContext {
    database:
      | { readonly kind: 'postgres'; readonly serverUrl: string; readonly template: string }
      | { readonly kind: 'pglite'; readonly dumpFile: string };
  }
}

/** Opens a fresh database; `close` also removes it. */
export async function openTestDatabase(): Promise<LiveConnection> {
  const provided = inject('database');
  return provided.kind === 'postgres' ? openPostgres() : openPglite(provided.dumpFile);
}

/** The URL of a fresh PostgreSQL database, empty or migrated, and how to remove it. PostgreSQL only. */
export async function makePostgresDatabase(
  content: 'empty' | 'migrated',
): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const provided = inject('database');
  if (provided.kind !== 'postgres') throw new TypeError('this test runs on PostgreSQL only');
  const { serverUrl } = provided;
  const name = `zkvault_test_${randomBytes(8).toString('hex')}`;
  const template = content === 'migrated' ? provided.template : 'template0';
  await onServer(serverUrl, `create database ${name} template ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => onServer(serverUrl, `drop database if exists ${name} with (force)`) };
}

async function openPostgres(): Promise<LiveConnection> {
  const { url, remove } = await makePostgresDatabase('migrated');
  const connection = connect({ kind: 'postgres', url }, () => {});
  return {
    ...connection,
    async close() {
      await connection.close();
      await remove();
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function openPglite(dumpFile: string): Promise<LiveConnection> {
  const pglite = await PGlite.create({ loadDataDir: await openAsBlob(dumpFile), parsers: PGLITE_PARSERS });
  return pgliteConnection(pglite);
}
