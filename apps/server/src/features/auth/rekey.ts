/** @file Changing password, KDF profile or login: one proof, one transaction, and every other session ends. */
import { canonicalLogin, isReservedLogin, type Sealed, type Wrap } from '@zkvault/contract';
import { isUniqueViolation } from '../../db/database-errors.ts';
import type { UserRow } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { endOtherSessions, type SessionActor } from '../sessions/service.ts';
import { findUser, type NewCredential, replaceCredential } from '../users/service.ts';
import { proveCurrentKey } from './key-proof.ts';
import type { AuthDeps } from './service.ts';

/** A rekey as it was asked for; untrusted, of the contract's form. */
export interface Rekey {
  /** The present one, 32 bytes. */
  readonly authKey: Uint8Array;
  readonly newLogin: string | undefined;
  readonly newProfile: number;
  readonly newSalt: string;
  /** 32 bytes. */
  readonly newAuthKey: Uint8Array;
  readonly newWrap: Wrap | undefined;
  readonly newAccountState: Sealed | undefined;
  readonly ifSeq: number | undefined;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/**
 * Replaces the credential of the caller's account.
 *
 * @returns the seq of the account state now; null for an account without one.
 * @throws {ServiceError} `current-key-wrong`, also while the login is locked; `registration-refused` for a
 *   login that is taken, reserved or none; `conflict` with the present seq if the account has changed
 *   since `ifSeq`; `request-invalid` if the parts do not belong together or the key is the old one;
 *   `invalid-token` if the account has gone meanwhile; `overloaded`.
 */
export async function rekeyAccount(
  deps: AuthDeps,
  actor: SessionActor,
  rekey: Rekey,
): Promise<{ readonly seq: number | null }> {
  const user = await findUser(deps.db, actor.userId);
  if (user === undefined) throw new ServiceError('invalid-token');
  const keyMaterial = keyMaterialOf(user, rekey);
  if (Buffer.from(rekey.newAuthKey).equals(rekey.authKey))
    throw requestFault('/body/newAuthKey', 'unchanged');
  const { authKey, addressPrefix, trail } = rekey;
  await proveCurrentKey(deps, user, { authKey, addressPrefix, trail, action: 'rekey' });
  const login = nextLogin(user, rekey.newLogin);
  const verifier = await deps.hashing.run(() => deps.verifiers.make(rekey.newAuthKey));
  const next: NewCredential = {
    ...verifier,
    login,
    profile: rekey.newProfile,
    salt: rekey.newSalt,
    keyMaterial,
  };
  if (!(await writeCredential({ ...deps, trail }, actor, user, next))) {
    const current = await findUser(deps.db, user.id);
    throw new ServiceError('conflict', current?.state_seq == null ? {} : { seq: current.state_seq });
  }
  deps.events.authentication({
    action: 'rekey',
    outcome: 'success',
    login,
    userId: user.id,
    addressPrefix: rekey.addressPrefix,
  });
  return { seq: keyMaterial?.state.seq ?? null };
}

/**
 * Wrap, account state and ifSeq, which are needed exactly if the account has an account state.
 *
 * @throws {ServiceError} `request-invalid`; `conflict` with the present seq if that is not `ifSeq`.
 */
export function keyMaterialOf(
  user: UserRow,
  rekey: Pick<Rekey, 'newWrap' | 'newAccountState' | 'ifSeq'>,
): NewCredential['keyMaterial'] {
  const { newWrap, newAccountState, ifSeq } = rekey;
  if (user.state_seq === null) {
    if (newWrap !== undefined) throw requestFault('/body/newWrap', 'unexpected');
    if (newAccountState !== undefined) throw requestFault('/body/newAccountState', 'unexpected');
    if (ifSeq !== undefined) throw requestFault('/body/ifSeq', 'unexpected');
    return undefined;
  }
  if (newWrap === undefined) throw requestFault('/body/newWrap', 'required');
  if (newAccountState === undefined) throw requestFault('/body/newAccountState', 'required');
  if (ifSeq === undefined) throw requestFault('/body/ifSeq', 'required');
  if (newAccountState.seq !== ifSeq + 1) throw requestFault('/body/newAccountState/seq', 'range');
  if (user.state_seq !== ifSeq) throw new ServiceError('conflict', { seq: user.state_seq });
  return { wrap: newWrap, state: newAccountState };
}

function nextLogin(user: UserRow, wished: string | undefined): string {
  if (wished === undefined) return user.login;
  const login = canonicalLogin(wished);
  if (login === undefined || isReservedLogin(login)) throw new ServiceError('registration-refused');
  return login;
}

/** @returns false if the account has changed since `user` was read. */
async function writeCredential(
  { db, trail }: AuthDeps & { readonly trail: Trail },
  actor: SessionActor,
  user: UserRow,
  next: NewCredential,
): Promise<boolean> {
  try {
    return await db.transaction().execute(async (tx) => {
      if (!(await replaceCredential(tx, user, next))) return false;
      const ended = await endOtherSessions(tx, actor);
      await trail.record(tx, {
        action: 'rekey',
        outcome: 'success',
        subject: { userId: user.id },
        details: { ended },
      });
      return true;
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new ServiceError('registration-refused', {}, { cause: error });
    throw error;
  }
}
