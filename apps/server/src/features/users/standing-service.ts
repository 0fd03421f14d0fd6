/**
 * @file Who may administer the server, and that somebody always can.
 * [Note: The last administrator] Whatever takes an account's role, activity or existence away first locks
 * that account and every active administrator, in the order of their ids, and decides under these locks.
 * Of two administrators who demote each other, or themselves, at the same time the second one waits, and
 * then sees what the first has done.
 */
import { canonicalLogin } from '@zkvault/contract';
import type { Db, Tx } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import {
  deleteUserRow,
  hasActiveAdministrator,
  lockStandingRows,
  type StandingRow,
  updateToAdministrator,
} from './standing-store.ts';

export { hasActiveAdministrator } from './standing-store.ts';

/** Accounts that cannot change before the transaction ends. */
export interface Standings {
  /** Undefined if the account is not there. */
  of(userId: string): StandingRow | undefined;
  /** @throws {ServiceError} `last-administrator` if nobody else is an active administrator. */
  assertNotLastAdministrator(userId: string): void;
}

/** Locks accounts for a change of who may administer; see [Note: The last administrator]. */
export async function lockStandings(tx: Tx, userIds: readonly string[]): Promise<Standings> {
  const rows = await lockStandingRows(tx, userIds);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const administrators = rows.filter(({ role, is_active }) => role === 'admin' && is_active);
  return {
    of: (userId) => byId.get(userId),
    assertNotLastAdministrator(userId) {
      if (administrators.length === 1 && administrators[0]?.id === userId)
        throw new ServiceError('last-administrator');
    },
  };
}

/**
 * Deletes an account that this transaction has locked, with everything in it.
 *
 * @throws {ServiceError} `last-administrator`.
 */
export async function removeUser(tx: Tx, standings: Standings, userId: string): Promise<void> {
  standings.assertNotLastAdministrator(userId);
  await deleteUserRow(tx, userId);
}

/**
 * Makes an account an active administrator, whatever it was before. For whoever runs the server; no
 * route leads here.
 *
 * @param login as a person typed it.
 * @returns the id of the account; undefined if there is none of that login.
 */
export async function grantAdmin(db: Db, login: string, trail: Trail): Promise<string | undefined> {
  const canonical = canonicalLogin(login);
  if (canonical === undefined) return undefined;
  return db.transaction().execute(async (tx) => {
    const userId = await updateToAdministrator(tx, canonical);
    if (userId === undefined) return undefined;
    await trail.record(tx, { action: 'administrator-granted', outcome: 'success', subject: { userId } });
    return userId;
  });
}

/**
 * Makes the account of a login an administrator if nobody is one.
 *
 * @returns the id of the new administrator, if one was made.
 */
export async function grantFirstAdmin(db: Db, login: string, trail: Trail): Promise<string | undefined> {
  return (await hasActiveAdministrator(db)) ? undefined : grantAdmin(db, login, trail);
}
