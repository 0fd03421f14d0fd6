/**
 * A checked-out client whose connection breaks emits `error`; unheard, that ends the process. And a client
 * of ours must learn that it may try again, not that the server has failed.
 */
import type { Problem } from '@zkvault/contract';
import { sql } from 'kysely';
import pg from 'pg';
import { expect, it } from 'vitest';
import { makePostgresDatabase } from '../../test/test-database.ts';
import { startTestServer } from '../../test/test-server.ts';
import { connect } from './connect.ts';
import { isDatabaseUnavailable } from './database-errors.ts';

it('survives the end of its connections, and says 503 until the database is back', async () => {
  const { url, remove } = await makePostgresDatabase('migrated');
  const losses: Error[] = [];
  const connection = connect({ kind: 'postgres', url }, (error) => losses.push(error));
  const server = await startTestServer({ db: connection.db });
  const inFlight = connection.db.transaction().execute(async (tx) => {
    await sql`select 1`.execute(tx);
    await terminateAll(url);
    await sql`select 1`.execute(tx);
  });
  const lost = await inFlight.catch((error: unknown) => error);

  const afterwards = await server.send({ url: '/readyz' });
  await remove();
  const gone = await server.send({ url: '/readyz' });
  const login = await server.send({
    method: 'POST',
    url: '/api/v1/auth/prelogin',
    payload: { login: 'ada' },
  });
  await server.close();
  await connection.close();

  expect(isDatabaseUnavailable(lost)).toBe(true);
  expect(losses.length).toBeGreaterThan(0);
  expect(afterwards.statusCode).toBe(200);
  expect(gone.json<Problem>()).toMatchObject({ status: 503, code: 'unavailable' });
  expect(login.json<Problem>()).toMatchObject({ status: 503, code: 'unavailable' });
  expect(login.headers['retry-after']).toBe('1');
});

async function terminateAll(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
}

it('says 503 when a lock is not given in time', async () => {
  const { url, remove } = await makePostgresDatabase('migrated');
  const connection = connect({ kind: 'postgres', url }, () => {});
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('begin; lock table users in access exclusive mode');

  const refused = await connection.db
    .selectFrom('users')
    .selectAll()
    .execute()
    .catch((error: unknown) => error);
  await holder.end();
  await connection.close();
  await remove();

  expect(isDatabaseUnavailable(refused)).toBe(true);
});
