/** @file What the database says about itself and about whom the server is to it. */
import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** Facts about a connection. */
export interface DatabaseFacts {
  readonly now: Date;
  readonly is_superuser: boolean;
  readonly bypasses_row_security: boolean;
  readonly makes_roles: boolean;
  readonly makes_databases: boolean;
  readonly replicates: boolean;
  /** PostgreSQL's own roles that the role is a member of, such as `pg_read_all_data`. */
  readonly powerful_memberships: readonly string[];
  /** True if it owns tables outside the schema that the server works in. */
  readonly owns_other_tables: boolean;
  readonly owns_other_databases: boolean;
  /** True if the connection is encrypted. */
  readonly is_encrypted: boolean;
}

/** Asks PostgreSQL. */
export async function readDatabaseFacts(db: Db): Promise<DatabaseFacts> {
  const { rows } = await sql<DatabaseFacts>`
    select clock_timestamp() as now, rolsuper as is_superuser, rolbypassrls as bypasses_row_security,
      rolcreaterole as makes_roles, rolcreatedb as makes_databases, rolreplication as replicates,
      array(select granted.rolname::text from pg_auth_members m join pg_roles granted on granted.oid = m.roleid
        where m.member = me.oid and granted.rolname like 'pg\\_%' order by 1) as powerful_memberships,
      exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relowner = me.oid and c.relkind in ('r', 'p', 'm', 'v')
          and n.nspname !~ '^(pg_|information_schema)' and n.nspname is distinct from current_schema()
      ) as owns_other_tables,
      exists (select 1 from pg_database where datdba = me.oid and datname <> current_database())
        as owns_other_databases,
      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as is_encrypted
    from pg_roles me where rolname = current_user`.execute(db);
  const [facts] = rows;
  if (facts === undefined) throw new RangeError('the database does not know its own user');
  return facts;
}
