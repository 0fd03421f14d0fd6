import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { makePostgresDatabase } from '../../test/test-database.ts';
import { connect } from './connect.ts';
import { MigrationError, migrateAt } from './migrate.ts';
import { migrations } from './migrations/index.ts';

const ignore = (): void => {};

describe('migrations', () => {
  it('run once when five servers start at once', async () => {
    const { url, remove } = await makePostgresDatabase('empty');
    const location = { kind: 'postgres', url } as const;
    const servers = Array.from({ length: 5 }, () => connect(location, ignore));

    const ran = await Promise.all(servers.map(({ db }) => migrateAt(location, db, ignore)));
    await Promise.all(servers.map((server) => server.close()));
    await remove();

    expect(ran.flat()).toEqual(Object.keys(migrations));
  });

  it('of a newer server are not undone: an older one does not start', async () => {
    const { url, remove } = await makePostgresDatabase('migrated');
    const location = { kind: 'postgres', url } as const;
    const server = connect(location, ignore);
    await sql`insert into kysely_migration values ('9999_future', now()::text)`.execute(server.db);

    const outcome = await migrateAt(location, server.db, ignore).catch((error: unknown) => error);
    await server.close();
    await remove();

    expect(outcome).toBeInstanceOf(MigrationError);
  });
});
