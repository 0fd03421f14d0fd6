/** @file SQL of the counts. */
import { sql } from 'kysely';
import type { Db } from '../../db/schema.ts';

/** How many rows of each kind there are. */
export interface Counts {
  readonly users: number;
  readonly active_users: number;
  readonly admins: number;
  readonly moderators: number;
  readonly plain_users: number;
  readonly viewers: number;
  readonly sessions: number;
  readonly vaults: number;
  readonly entries: number;
  readonly invitations: number;
}

/** Counts everything, in one snapshot. @param refreshTtlSeconds how long an unused session is live. */
export async function countAll(db: Db, refreshTtlSeconds: number): Promise<Counts> {
  const { rows } = await sql<Counts>`
    select
      count(*) as users,
      count(*) filter (where is_active) as active_users,
      count(*) filter (where role = 'admin') as admins,
      count(*) filter (where role = 'moderator') as moderators,
      count(*) filter (where role = 'user') as plain_users,
      count(*) filter (where role = 'viewer') as viewers,
      (select count(*) from sessions where revoked_at is null
        and last_used_at + make_interval(secs => ${refreshTtlSeconds}) > now()) as sessions,
      (select count(*) from vaults) as vaults,
      (select count(*) from entries where not deleted) as entries,
      (select count(*) from invitations where expires_at > now()) as invitations
    from users`.execute(db);
  return rows[0]!;
}
