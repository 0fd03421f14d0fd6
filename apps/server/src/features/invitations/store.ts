/** @file SQL of invitations. One function, one statement. */
import { type Selectable, sql } from 'kysely';
import type { Db, InvitationsTable, Tx } from '../../db/schema.ts';

/** An invitation as it is kept. */
export type InvitationRow = Selectable<InvitationsTable>;

/** An invitation to be kept. */
export interface NewInvitation {
  readonly tokenHash: Uint8Array;
  readonly keyId: string;
  readonly role: InvitationRow['role'];
  readonly createdBy: string;
  readonly ttlHours: number;
}

/** Inserts an invitation. @returns what the database adds: its id, and when it expires. */
export function insertInvitation(
  db: Db,
  invitation: NewInvitation,
): Promise<Pick<InvitationRow, 'id' | 'expires_at'>> {
  return db
    .insertInto('invitations')
    .values({
      token_hash: invitation.tokenHash,
      key_id: invitation.keyId,
      role: invitation.role,
      created_by: invitation.createdBy,
      expires_at: sql<Date>`now() + make_interval(hours => ${invitation.ttlHours})`,
    })
    .returning(['id', 'expires_at'])
    .executeTakeFirstOrThrow();
}

/** The invitation, unless it has expired, by the hashes under which it may be kept. */
export function findInvitation(
  db: Db,
  tokenHashes: readonly Uint8Array[],
): Promise<InvitationRow | undefined> {
  return db
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', 'in', tokenHashes)
    .where(sql<boolean>`expires_at > now()`)
    .executeTakeFirst();
}

/** Every invitation that may still be used, newest first. */
export function findOpenInvitations(db: Db): Promise<InvitationRow[]> {
  return db
    .selectFrom('invitations')
    .selectAll()
    .where(sql<boolean>`expires_at > now()`)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

/** Removes an invitation that may still be used. @returns false if there is none of this id. */
export async function deleteOpenInvitation(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('invitations')
    .where('id', '=', id)
    .where(sql<boolean>`expires_at > now()`)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Locks an invitation until the transaction ends. @returns false if somebody was quicker. */
export async function lockInvitation(tx: Tx, tokenHash: Uint8Array): Promise<boolean> {
  const row = await tx
    .selectFrom('invitations')
    .select('token_hash')
    .where('token_hash', '=', tokenHash)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes an invitation. */
export async function deleteInvitation(tx: Tx, tokenHash: Uint8Array): Promise<void> {
  await tx.deleteFrom('invitations').where('token_hash', '=', tokenHash).execute();
}

/** Removes invitations that have expired. @returns how many. */
export async function removeOldInvitations(db: Db): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('invitations')
    .where(sql<boolean>`expires_at <= now()`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
