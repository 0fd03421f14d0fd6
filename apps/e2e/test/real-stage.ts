/** @file The real server in this process, behind `fetch`, with a database that can be copied and put back. */
import { type HostileServer, makeHostileServer } from '@zkvault/sdk/testing';
import type { Stage } from '../../../packages/sdk/test/fuzz/stage.ts';
import { sql } from '../../server/test/sql.ts';
import { startTestServer } from '../../server/test/test-server.ts';

/** Where the client believes the server to be. */
const BASE_URL = 'https://vault.example';

/**
 * Starts a server on a database of its own.
 *
 * @param wish.isForHours its access tokens outlive any run, so that a session can begin again from a moment long ago.
 */
export async function makeRealStage(
  wish: { readonly isForHours?: true } = {},
): Promise<Stage & { readonly server: HostileServer<string> }> {
  const { app, db, close } = await startTestServer({
    settings: wish.isForHours === undefined ? {} : { accessTokenTtlSeconds: 86_400 },
  });
  const { rows } = await sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public' and tablename not like 'kysely%'`.execute(db);
  const tables = rows.map(({ name }) => name);
  let copies = 0;

  async function honest(address: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(address);
    const response = await app.inject({
      method: (init.method ?? 'GET') as 'GET',
      url: `${pathname}${search}`,
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === 'string' && { payload: init.body }),
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(response.headers))
      for (const each of [value ?? []].flat()) headers.append(name, String(each));
    const hasBody = response.statusCode !== 204;
    return new Response(hasBody ? new Uint8Array(response.rawPayload) : null, {
      status: response.statusCode,
      headers,
    });
  }

  const server = makeHostileServer<string>({
    upstream: honest,
    async snapshot() {
      const schema = `copy_${(copies += 1)}`;
      const statements = tables.map((table) => `create table ${schema}.${table} as table public.${table}`);
      await sql.raw(`create schema ${schema}; ${statements.join(';')}`).execute(db);
      return schema;
    },
    async restore(schema) {
      const statements = tables.map(
        (table) =>
          `delete from public.${table}; insert into public.${table} select * from ${schema}.${table}`,
      );
      // As a replica, so that neither foreign keys nor the guards of the audit log are in the way.
      await db
        .transaction()
        .execute((transaction) =>
          sql
            .raw(`set local session_replication_role = replica; ${statements.join(';')}`)
            .execute(transaction),
        );
    },
  });
  return {
    server,
    honest,
    baseUrl: BASE_URL,
    slowMs: 2_000,
    async makeAdministrator(login) {
      await db.updateTable('users').set({ role: 'admin' }).where('login', '=', login).execute();
    },
    close,
  };
}
