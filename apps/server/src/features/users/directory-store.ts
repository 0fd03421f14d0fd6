/** @file SQL of accounts as they are shown: without keys, one or a page at a time. */
import { sql } from 'kysely';
import type { Db, UserRow } from '../../db/schema.ts';

const SHOWN = [
  'id',
  'login',
  'email',
  'full_name',
  'role',
  'is_active',
  'asks_second_factor',

  'created_at',
] as const;

/** An account without its keys. */
export type ShownUserRow = Pick<UserRow, (typeof SHOWN)[number]>;

/** The account, if it is there. */
export function findShownUser(db: Db, userId: string): Promise<ShownUserRow | undefined> {
  return db.selectFrom('users').select(SHOWN).where('id', '=', userId).executeTakeFirst();
}

/** A place in the list of accounts: after the account that was made then. */
export interface UserPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** Accounts after a place in the list, oldest first. */
export function listUsersAfter(
  db: Db,
  { after, limit }: { readonly after: UserPosition | undefined; readonly limit: number },
): Promise<readonly ShownUserRow[]> {
  const all = db.selectFrom('users').select(SHOWN);
  const rest =
    after === undefined
      ? all
      : all.where(sql<boolean>`(created_at, id) > (${after.createdAt}::timestamptz, ${after.id}::uuid)`);
  return rest.orderBy('created_at').orderBy('id').limit(limit).execute();
}

/** Accounts from a number in the list, oldest first. */
export function listUsersFrom(
  db: Db,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<readonly ShownUserRow[]> {
  return db
    .selectFrom('users')
    .select(SHOWN)
    .orderBy('created_at')
    .orderBy('id')
    .offset(offset)
    .limit(limit)
    .execute();
}

/** How many accounts there are. */
export async function countUsers(db: Db): Promise<number> {
  const { total } = await db
    .selectFrom('users')
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow();
  return total;
}

/** What an account says about its owner; what is undefined stays. */
export interface ProfileChange {
  readonly email: string | null | undefined;
  readonly fullName: string | null | undefined;
}

/** Changes what an account says about its owner. @returns undefined if it is gone. */
export function updateProfile(
  db: Db,
  userId: string,
  change: ProfileChange,
): Promise<ShownUserRow | undefined> {
  return db
    .updateTable('users')
    .set((row) => ({
      email: change.email === undefined ? row.ref('email') : change.email,
      full_name: change.fullName === undefined ? row.ref('full_name') : change.fullName,
    }))
    .where('id', '=', userId)
    .returning(SHOWN)
    .executeTakeFirst();
}

/** Changes role and activity of an account. */
export function updateStanding(
  db: Db,
  userId: string,
  standing: Pick<UserRow, 'role' | 'is_active'>,
): Promise<ShownUserRow> {
  return db
    .updateTable('users')
    .set({ role: standing.role, is_active: standing.is_active })
    .where('id', '=', userId)
    .returning(SHOWN)
    .executeTakeFirstOrThrow();
}
