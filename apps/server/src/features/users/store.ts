/** @file SQL of accounts. One function, one statement. */
import { sql } from 'kysely';
import type { Db, NewUserRow, Tx, UserRow } from '../../db/schema.ts';
import { deferredStatement } from '../../db/statement.ts';

/** The account of a canonical login. */
export function findUserByLogin(db: Db, login: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('login', '=', login).executeTakeFirst();
}

/** The account, if it is there. */
export function findUser(db: Db, userId: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst();
}

const findById = deferredStatement<UserRow>('select * from users where id = $1');

/** The account, if it is there. @returns gives it, once a later statement was awaited. */
export async function findUserLater(tx: Tx, userId: string): Promise<() => Promise<UserRow | undefined>> {
  const rows = await findById(tx, [userId]);
  return async () => (await rows())[0];
}

/** The account, which cannot change before the transaction ends. */
export function lockUser(tx: Tx, userId: string): Promise<UserRow | undefined> {
  return tx.selectFrom('users').selectAll().where('id', '=', userId).forShare().executeTakeFirst();
}

/** Locks an account against everything but references to it, until the transaction ends. */
export function lockUserAlone(tx: Tx, userId: string): Promise<UserRow | undefined> {
  return tx.selectFrom('users').selectAll().where('id', '=', userId).forNoKeyUpdate().executeTakeFirst();
}

/** Inserts an account. @returns false if its id or its login is taken. */
export async function insertUser(tx: Tx, user: NewUserRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * Says whether every login of an account needs a second factor.
 *
 * @returns false if it was so already.
 */
export async function setAsksSecondFactor(tx: Tx, userId: string, asks: boolean): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ asks_second_factor: asks })
    .where('id', '=', userId)
    .where('asks_second_factor', '!=', asks)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** A verifier: Argon2id over the peppered authKey, and which key was the pepper. */
export interface Verifier {
  readonly verifier: string;
  readonly verifierKeyId: string;
}

/** Replaces the verifier of the same authKey, unless the credential was changed meanwhile. */
export async function refreshVerifier(db: Db, user: UserRow, next: Verifier): Promise<void> {
  await db
    .updateTable('users')
    .set({ verifier: next.verifier, verifier_key_id: next.verifierKeyId })
    .where('id', '=', user.id)
    .where('credential_version', '=', user.credential_version)
    .execute();
}

/**
 * Replaces wrap and account state by those of the next account key, if neither the credential nor the account
 * state has changed since `user` was read and the epoch rises; all in one statement.
 *
 * @returns false if something changed, or the epoch does not rise.
 */
export async function replaceAccountKey(
  tx: Tx,
  user: UserRow,
  next: NonNullable<NewCredential['keyMaterial']> & { readonly akEpoch: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({
      ak_epoch: next.akEpoch,
      // A login or a recovery in flight must not answer with what was read before.
      credential_version: sql<number>`credential_version + 1`,
      ...keyMaterialColumns(next),
    })
    .where('id', '=', user.id)
    .where('is_active', '=', true)
    .where('credential_version', '=', user.credential_version)
    .where('state_seq', '=', user.state_seq)
    .where('ak_epoch', '<', next.akEpoch)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

function keyMaterialColumns({ wrap, state }: NonNullable<NewCredential['keyMaterial']>) {
  return {
    wrap_ciphertext: wrap.ciphertext,
    wrap_iv: wrap.iv,
    wrap_tag: wrap.tag,
    state_ciphertext: state.ciphertext,
    state_iv: state.iv,
    state_tag: state.tag,
    state_seq: state.seq,
  };
}

/** What a rekey writes. */
export interface NewCredential extends Verifier {
  readonly login: string;
  readonly profile: number;
  readonly salt: string;
  /** Wrap and account state; undefined for an account that has none. */
  readonly keyMaterial:
    | {
        readonly wrap: SealedText;
        readonly state: SealedText & { readonly seq: number };
      }
    | undefined;
}

interface SealedText {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
}

/**
 * Replaces the credential, if neither it nor the account state has changed since `user` was read; the
 * comparison and the write are one statement.
 *
 * @returns false if something changed.
 */
export async function replaceCredential(tx: Tx, user: UserRow, next: NewCredential): Promise<boolean> {
  const { keyMaterial } = next;
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({
      login: next.login,
      kdf_profile: next.profile,
      kdf_salt: next.salt,
      verifier: next.verifier,
      verifier_key_id: next.verifierKeyId,
      credential_version: sql<number>`credential_version + 1`,
      ...(keyMaterial === undefined ? {} : keyMaterialColumns(keyMaterial)),
    })
    .where('id', '=', user.id)
    .where('is_active', '=', true)
    .where('credential_version', '=', user.credential_version)
    .where(sql<boolean>`state_seq is not distinct from ${user.state_seq}`)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
