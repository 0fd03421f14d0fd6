/** @file The processes that are measured: PostgreSQL from npm, the product, and its ceiling. */
import pg from 'pg';
import { startTemporaryPostgres } from '../../../test/temporary-postgres.ts';
import { type ChildServer, startChild } from './child.ts';
import type { ServerDatabases, Servers } from './server-benches.ts';

/** Everything a run needs of servers. */
export interface BenchServers {
  readonly servers: Servers;
  readonly databases: ServerDatabases;
  /** The URLs of so many processes of the product on one database; more are started where they are wanted. */
  urlsOf(count: number): Promise<readonly string[]>;
  postgresVersion(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startBenchServers(): Promise<BenchServers> {
  const postgres = await startTemporaryPostgres({ synchronous_commit: 'on', max_connections: '100' });
  const children: ChildServer[] = [];

  async function query(statement: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Makes an empty database and gives its URL. */
  async function makeDatabase(name: string): Promise<string> {
    await query(`create database ${name}`);
    const url = new URL(postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async function start(name: string, database: string): Promise<ChildServer> {
    const child = await startChild(name, database);
    children.push(child);
    return child;
  }

  async function stop(): Promise<void> {
    for (const child of children) await child.stop();
    await postgres.stop();
  }

  try {
    const databases = {
      product: await makeDatabase('zkvault_bench'),
      ceiling: await makeDatabase('ceiling_bench'),
    };
    const products = [await start('zkvault-server', databases.product)];
    const ceiling = await start('ceiling-server', databases.ceiling);
    return {
      servers: { product: products[0]!.url, ceiling: ceiling.url, ceilingDatabase: databases.ceiling },
      databases,
      async urlsOf(count) {
        while (products.length < count) products.push(await start('zkvault-server', databases.product));
        return products.slice(0, count).map(({ url }) => url);
      },
      async postgresVersion() {
        const [row] = await query('show server_version');
        return String(row?.['server_version']);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
