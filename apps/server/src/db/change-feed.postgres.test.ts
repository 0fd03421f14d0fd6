/** The feed's own connection: lost, got back, and what was missed meanwhile. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePostgresDatabase } from '../../test/test-database.ts';
import { type ChangeFeed, makeChangeFeed } from './change-feed.ts';
import { postgresChangeSource } from './change-source.ts';
import { connect, type LiveConnection } from './connect.ts';
import type { TellVaultChanges } from './transact.ts';

const timing = { patienceMs: 2_000, heartbeatMs: 100, backoffMs: { first: 20, longest: 200 } };

let database: Awaited<ReturnType<typeof makePostgresDatabase>>;
let connection: LiveConnection;
beforeAll(async () => {
  database = await makePostgresDatabase('migrated');
  connection = connect({ kind: 'postgres', url: database.url }, () => {});
});
afterAll(async () => {
  await connection.close();
  await database.remove();
});

const say = (userId: string): Promise<unknown> =>
  sql`select pg_notify('zkvault_changes', ${`user ${userId}`})`.execute(connection.db);

const cutOff = (): Promise<unknown> =>
  sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'zkvault changes'`.execute(connection.db);

async function givenFeed(): Promise<{ feed: ChangeFeed; told: string[]; tell: TellVaultChanges }> {
  const told: string[] = [];
  const source = postgresChangeSource(database.url, timing);
  const feed = makeChangeFeed(source, () => told.push('lost'));
  await feed.start();
  feed.subscribe({
    onVaultChanged: ({ vaultId, revision }) => told.push(`${vaultId} ${revision}`),
    onUserChanged: ({ userId }) => told.push(userId),
    onResync: () => told.push('resync'),
  });
  return { feed, told, tell: source.tell };
}

it('tells every instance on the database', async () => {
  const [one, other] = [await givenFeed(), await givenFeed()];
  const userId = randomUUID();

  await say(userId);

  await expect.poll(() => [one.told, other.told]).toEqual([[userId], [userId]]);
  await one.feed.close();
  await other.feed.close();
});

it('tells every instance what one of them has written, of several changes of a vault the last', async () => {
  const [one, other] = [await givenFeed(), await givenFeed()];
  const [ownerId, vaultId, second] = [randomUUID(), randomUUID(), randomUUID()];

  one.tell([1, 3, 2].map((revision) => ({ ownerId, vaultId, revision })));
  one.tell([{ ownerId, vaultId: second, revision: 7 }]);

  const lines = [`${vaultId} 3`, `${second} 7`];
  await expect.poll(() => [one.told, other.told]).toEqual([lines, lines]);
  await one.feed.close();
  await other.feed.close();
});

it('keeps what it could not tell until its connection is back', async () => {
  const [one, other] = [await givenFeed(), await givenFeed()];
  const [ownerId, vaultId] = [randomUUID(), randomUUID()];
  await cutOff();
  await expect.poll(() => one.told).toContain('lost');

  one.tell([{ ownerId, vaultId, revision: 1 }]);
  one.tell([{ ownerId, vaultId, revision: 2 }]);

  await expect.poll(() => one.told, { timeout: 10_000 }).toContain(`${vaultId} 2`);
  expect(one.told).not.toContain(`${vaultId} 1`);
  await one.feed.close();
  await other.feed.close();
});

it('has told everything when it is closed', async () => {
  const [one, other] = [await givenFeed(), await givenFeed()];
  const [ownerId, vaultId] = [randomUUID(), randomUUID()];

  one.tell([{ ownerId, vaultId, revision: 1 }]);
  await one.feed.close();

  await expect.poll(() => other.told).toEqual([`${vaultId} 1`]);
  await other.feed.close();
});

it('comes back after its connection was cut, and says that it may have missed something', async () => {
  const { feed, told } = await givenFeed();
  const [before, after] = [randomUUID(), randomUUID()];
  await say(before);
  await expect.poll(() => told).toEqual([before]);

  await cutOff();
  await expect.poll(() => told, { timeout: 10_000 }).toEqual([before, 'lost', 'resync']);
  await say(after);

  await expect.poll(() => told).toEqual([before, 'lost', 'resync', after]);
  expect(feed.isLive()).toBe(true);
  await feed.close();
  expect(feed.isLive()).toBe(false);
});

it('begins although the database is away, and is told when it comes', async () => {
  const name = new URL(database.url).pathname.slice(1);
  const away = `${name}_away`;
  const url = new URL(database.url);
  url.pathname = `/${away}`;
  const told: string[] = [];

  const feed = makeChangeFeed(postgresChangeSource(url.href, timing), () => told.push('lost'));
  await feed.start();
  feed.subscribe({ onUserChanged: ({ userId }) => told.push(userId), onResync: () => told.push('resync') });

  expect(feed.isLive()).toBe(false);
  await sql`create database ${sql.id(away)}`.execute(connection.db);
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['resync']);
  expect(feed.isLive()).toBe(true);
  await feed.close();
  await sql`drop database ${sql.id(away)} with (force)`.execute(connection.db);
});

it('stops for good when it is closed while its connection is away', async () => {
  const { feed, told } = await givenFeed();
  await cutOff();
  await expect.poll(() => told).toContain('lost');

  await feed.close();
  await new Promise((resolve) => setTimeout(resolve, 300));

  const { rows } = await sql`
    select 1 from pg_stat_activity
    where datname = current_database() and application_name = 'zkvault changes'`.execute(connection.db);
  expect(rows).toEqual([]);
});
