/**
 * @file Gives the run one PostgreSQL with a migrated template database. The server is the one of
 * ZKVAULT_TEST_DATABASE_URL, or a temporary one from npm.
 */
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startTemporaryPostgres } from '../../../test/temporary-postgres.ts';
import { connectForMigrations } from '../src/db/connect.ts';
import { migrate } from '../src/db/migrate.ts';
import type {} from './test-database.ts';

const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
};

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['ZKVAULT_TEST_DATABASE_URL'];
  const server =
    given === undefined ? await startTemporaryPostgres(SETTINGS) : { url: given, stop: async () => {} };
  const template = `zkvault_template_${process.pid}`;
  await onServer(server.url, `create database ${template}`);
  const url = new URL(server.url);
  url.pathname = `/${template}`;
  const connection = connectForMigrations(url.href, () => {});
  await migrate(connection.db);
  await connection.close();
  project.provide('database', { kind: 'postgres', serverUrl: server.url, template });
  return async () => {
    if (given !== undefined) await onServer(server.url, `drop database if exists ${template}`);
    await server.stop();
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
