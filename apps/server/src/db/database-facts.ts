/** @file What the database says about itself and about whom the server is to it. */
import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** Facts about a connection. */
export interface DatabaseFacts {
  readonly now: Date;
  readonly is_superuser: boolean;
  readonly bypasses_row_security: boolean;
  readonly makes_roles: boolean;
  readonly replicates: boolean;
  /** True if the connection is encrypted. */
  readonly is_encrypted: boolean;
}

/** Asks PostgreSQL. */
export async function readDatabaseFacts(db: Db): Promise<DatabaseFacts> {
  const { rows } = await sql<DatabaseFacts>`
    select clock_timestamp() as now, rolsuper as is_superuser, rolbypassrls as bypasses_row_security,
      rolcreaterole as makes_roles, rolreplication as replicates,
      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as is_encrypted
    from pg_roles where rolname = current_user`.execute(db);
  const [facts] = rows;
  if (facts === undefined) throw new RangeError('the database does not know its own user');
  return facts;
}
