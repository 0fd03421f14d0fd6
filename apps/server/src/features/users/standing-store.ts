/** @file SQL of who may administer: roles and activity of accounts, under lock. */
import type { Db, Tx, UserRow } from '../../db/schema.ts';

/** What an account is, as far as rules about administrators ask. */
export type StandingRow = Pick<UserRow, 'id' | 'role' | 'is_active' | 'credential_version'>;

/**
 * Locks the given accounts and every active administrator until the transaction ends, always in the
 * order of their ids.
 */
export function lockStandingRows(tx: Tx, userIds: readonly string[]): Promise<readonly StandingRow[]> {
  return tx
    .selectFrom('users')
    .select(['id', 'role', 'is_active', 'credential_version'])
    .where((row) =>
      row.or([row('id', 'in', userIds), row.and([row('role', '=', 'admin'), row('is_active', '=', true)])]),
    )
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
}

/** True if somebody administers the server. */
export async function hasActiveAdministrator(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('is_active', '=', true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Makes the account of a canonical login an active administrator. @returns its id, if it is there. */
export async function updateToAdministrator(db: Db, login: string): Promise<string | undefined> {
  const row = await db
    .updateTable('users')
    .set({ role: 'admin', is_active: true })
    .where('login', '=', login)
    .returning('id')
    .executeTakeFirst();
  return row?.id;
}

/** Removes an account; sessions, vaults, entries and invitations of it go with it. */
export async function deleteUserRow(tx: Tx, userId: string): Promise<void> {
  await tx.deleteFrom('users').where('id', '=', userId).execute();
}
