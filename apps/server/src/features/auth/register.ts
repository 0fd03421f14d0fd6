/** @file Creating accounts. A refusal says nothing about who is registered. */
import { canonicalLogin, isReservedLogin, type NewVault, type Sealed, type Wrap } from '@zkvault/contract';
import { isUniqueViolation } from '../../db/database-errors.ts';
import type { NewUserRow } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import { insertUser } from '../users/service.ts';
import { createFirstVaults, createPlainVault } from '../vaults/service.ts';
import type { AuthDeps } from './service.ts';

/** A registration as it was asked for; untrusted, of the contract's form. */
export interface Registration {
  readonly accountId: string;
  readonly login: string;
  readonly email: string | undefined;
  readonly fullName: string | undefined;
  readonly profile: number;
  readonly salt: string;
  /** 32 bytes. */
  readonly authKey: Uint8Array;
  readonly akEpoch: number | undefined;
  readonly wrap: Wrap | undefined;
  readonly accountState: Sealed | undefined;
  readonly vaults: readonly NewVault[] | undefined;
  readonly addressPrefix: string;
}

/**
 * Creates an account with its first vaults.
 *
 * @throws {ServiceError} `registration-refused` for a login or an id that is taken, reserved or none, and
 *   where registration is closed; `request-invalid` if the parts do not belong together; `overloaded`.
 */
export async function registerAccount(deps: AuthDeps, registration: Registration): Promise<void> {
  const keyMaterial = keyMaterialOf(registration);
  const login = canonicalLogin(registration.login);
  // Hashed in any case: a reserved name is refused after the same work as a taken one.
  const verifier = await deps.hashing.run(() => deps.verifiers.make(registration.authKey));
  const refusal = refusalOf(deps, login);
  if (login === undefined || refusal !== undefined) return refuse(deps, registration, refusal ?? 'login');
  const user: NewUserRow = {
    id: registration.accountId,
    login,
    email: registration.email ?? null,
    full_name: registration.fullName ?? null,
    kdf_profile: registration.profile,
    kdf_salt: registration.salt,
    verifier: verifier.verifier,
    verifier_key_id: verifier.verifierKeyId,
    ...columnsOf(keyMaterial),
  };
  if (!(await insertAccount(deps, user, keyMaterial?.vaults))) return refuse(deps, registration, 'taken');
  deps.events.authentication({
    action: 'register',
    outcome: 'success',
    login,
    userId: user.id,
    addressPrefix: registration.addressPrefix,
  });
}

function refusalOf(deps: AuthDeps, login: string | undefined): string | undefined {
  if (deps.registration !== 'open') return 'closed';
  if (login === undefined) return 'no-login';
  return isReservedLogin(login) ? 'reserved' : undefined;
}

function refuse(deps: AuthDeps, registration: Registration, reason: string): never {
  deps.events.authentication({
    action: 'register',
    outcome: 'failure',
    login: registration.login,
    reason,
    addressPrefix: registration.addressPrefix,
  });
  throw new ServiceError('registration-refused');
}

/** @returns false if the account's id, its login or the id of a vault is taken. */
async function insertAccount(
  { db }: AuthDeps,
  user: NewUserRow,
  vaults: readonly NewVault[] | undefined,
): Promise<boolean> {
  try {
    return await db.transaction().execute(async (tx) => {
      if (!(await insertUser(tx, user))) return false;
      if (vaults === undefined) await createPlainVault(tx, user.id);
      else await createFirstVaults(tx, user.id, vaults);
      return true;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

interface FirstKeyMaterial {
  readonly akEpoch: number;
  readonly wrap: Wrap;
  readonly accountState: Sealed;
  readonly vaults: readonly NewVault[];
}

/** The four parts, which are all there or all absent. */
function keyMaterialOf({ akEpoch, wrap, accountState, vaults }: Registration): FirstKeyMaterial | undefined {
  if (akEpoch === undefined && wrap === undefined && accountState === undefined && vaults === undefined)
    return undefined;
  if (akEpoch === undefined) throw requestFault('/body/akEpoch', 'required');
  if (wrap === undefined) throw requestFault('/body/wrap', 'required');
  if (accountState === undefined) throw requestFault('/body/accountState', 'required');
  if (vaults === undefined) throw requestFault('/body/vaults', 'required');
  if (accountState.seq !== 0) throw requestFault('/body/accountState/seq', 'range');
  return { akEpoch, wrap, accountState, vaults };
}

function columnsOf(keyMaterial: FirstKeyMaterial | undefined) {
  return {
    ak_epoch: keyMaterial?.akEpoch ?? null,
    wrap_ciphertext: keyMaterial?.wrap.ciphertext ?? null,
    wrap_iv: keyMaterial?.wrap.iv ?? null,
    wrap_tag: keyMaterial?.wrap.tag ?? null,
    state_ciphertext: keyMaterial?.accountState.ciphertext ?? null,
    state_iv: keyMaterial?.accountState.iv ?? null,
    state_tag: keyMaterial?.accountState.tag ?? null,
    state_seq: keyMaterial?.accountState.seq ?? null,
  };
}
