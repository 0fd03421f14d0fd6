/** @file Reading accounts, and changing what one's own says about its owner. */
import type { User } from '@zkvault/contract';
import type { Db } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Audit, Trail } from '../audit/service.ts';
import {
  countUsers,
  findShownUser,
  listUsersAfter,
  listUsersFrom,
  type ProfileChange,
  type ShownUserRow,
  type UserPosition,
  updateProfile,
} from './directory-store.ts';
import { toUser } from './service.ts';

/** What reading accounts needs. */
export interface UsersDeps {
  readonly db: Db;
  readonly audit: Audit;
}

/**
 * The caller's own account.
 *
 * @throws {ServiceError} `invalid-token` if it has gone meanwhile.
 */
export async function readOwnUser({ db }: UsersDeps, userId: string): Promise<User> {
  const row = await findShownUser(db, userId);
  if (row === undefined) throw new ServiceError('invalid-token');
  return toUser(row);
}

/**
 * Changes what the caller's account says about its owner.
 *
 * @throws {ServiceError} `invalid-token` if it has gone meanwhile.
 */
export function changeOwnUser(
  { db }: UsersDeps,
  userId: string,
  change: ProfileChange,
  trail: Trail,
): Promise<User> {
  return db.transaction().execute(async (tx) => {
    const row = await updateProfile(tx, userId, change);
    if (row === undefined) throw new ServiceError('invalid-token');
    await trail.record(tx, { action: 'profile-changed', outcome: 'success', subject: { userId } });
    return toUser(row);
  });
}

/**
 * One account.
 *
 * @throws {ServiceError} `user-not-found`.
 */
export async function readUser({ db }: UsersDeps, userId: string): Promise<User> {
  const row = await findShownUser(db, userId);
  if (row === undefined) throw new ServiceError('user-not-found');
  return toUser(row);
}

/** Accounts, and where the next page begins; undefined after the last. */
export interface UsersPage {
  readonly items: readonly User[];
  readonly next: UserPosition | undefined;
}

/** A page of accounts after a place in the list. */
export async function listUsers(
  { db }: UsersDeps,
  { after, limit }: { readonly after: UserPosition | undefined; readonly limit: number },
): Promise<UsersPage> {
  // One more than asked for tells whether there is another page.
  return toPage(await listUsersAfter(db, { after, limit: limit + 1 }), limit);
}

/** A numbered page of accounts, and how many accounts there are. */
export async function listUsersByPage(
  { db }: UsersDeps,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<UsersPage & { readonly total: number }> {
  const rows = await listUsersFrom(db, { offset: (page - 1) * perPage, limit: perPage + 1 });
  return { ...toPage(rows, perPage), total: await countUsers(db) };
}

function toPage(rows: readonly ShownUserRow[], limit: number): UsersPage {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return {
    items: shown.map(toUser),
    next: hasMore ? { createdAt: last.created_at, id: last.id } : undefined,
  };
}
