/** @file Creating accounts. A refusal says nothing about who is registered. */
import {
  canonicalLogin,
  isReservedLogin,
  type NewRecovery,
  type NewVault,
  type Sealed,
  type Wrap,
} from '@zkvault/contract';
import { isUniqueViolation } from '../../db/database-errors.ts';
import type { NewUserRow, Tx } from '../../db/schema.ts';
import { transact } from '../../db/transact.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { type ClaimedInvitation, claimInvitation } from '../invitations/service.ts';
import { insertUser } from '../users/service.ts';
import { hasActiveAdministrator } from '../users/standing-service.ts';
import { createFirstVaults, createPlainVault } from '../vaults/service.ts';
import { prepareRecoveryKey } from './recovery-keys.ts';
import { type NewRecoveryKeyRow, replaceRecoveryKey } from './recovery-store.ts';
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
  readonly recovery: NewRecovery | undefined;
  /** 32 bytes. */
  readonly invitation: Uint8Array | undefined;
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/**
 * Creates an account with its first vaults.
 *
 * @throws {ServiceError} `registration-refused` for a login or an id that is taken, reserved or none, and
 *   without a good invitation where one is needed or was given; `request-invalid` if the parts do not belong together; `overloaded`.
 */
export async function registerAccount(deps: AuthDeps, registration: Registration): Promise<void> {
  const keyMaterial = keyMaterialOf(registration);
  const login = canonicalLogin(registration.login);
  // Hashed in any case: a reserved name is refused after the same work as a taken one.
  const verifier = await deps.hashing.run(() => deps.verifiers.make(registration.authKey));
  const recoveryKey =
    registration.recovery === undefined
      ? undefined
      : await prepareRecoveryKey(deps, registration.accountId, registration.recovery);
  if (login === undefined) return refuse(deps, registration, 'no-login');
  if (isReservedLogin(login)) return refuse(deps, registration, 'reserved');
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
  const refusal = await insertAccount(deps, user, {
    vaults: keyMaterial?.vaults,
    recoveryKey,
    invitation: registration.invitation,
    trail: registration.trail,
  });
  if (refusal !== undefined) return refuse(deps, registration, refusal);
  deps.events.authentication({
    action: 'register',
    outcome: 'success',
    login,
    userId: user.id,
    addressPrefix: registration.addressPrefix,
  });
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

/** @returns why not, if it was refused: `taken` is said of the account's id, its login or the id of a vault. */
async function insertAccount(
  deps: AuthDeps,
  user: NewUserRow,
  {
    vaults,
    invitation,
    trail,
    recoveryKey,
  }: Pick<Registration, 'vaults' | 'invitation' | 'trail'> & {
    readonly recoveryKey: NewRecoveryKeyRow | undefined;
  },
): Promise<'closed' | 'invitation-void' | 'taken' | undefined> {
  try {
    return await transact(deps.db, async (tx) => {
      const admission = await admit(deps, tx, { login: user.login, invitation });
      if (typeof admission === 'string') return admission;
      if (!(await insertUser(tx, { ...user, role: admission.role }))) return 'taken';
      await admission.spend();
      if (vaults === undefined) await createPlainVault(tx, user.id);
      else await createFirstVaults(tx, user.id, vaults);
      if (recoveryKey !== undefined) await replaceRecoveryKey(tx, recoveryKey);
      const subject = { userId: user.id };
      await trail.record(tx, { action: 'register', outcome: 'success', subject, actorId: user.id });
      return undefined;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return 'taken';
    throw error;
  }
}

const spendNothing = async (): Promise<void> => {};

/** Decides whether somebody may register now, and as what. */
async function admit(
  deps: AuthDeps,
  tx: Tx,
  { login, invitation }: { readonly login: string; readonly invitation: Uint8Array | undefined },
): Promise<ClaimedInvitation | 'closed' | 'invitation-void'> {
  if (login === deps.adminLogin && !(await hasActiveAdministrator(tx)))
    return { role: 'admin', spend: spendNothing };
  if (invitation !== undefined) return (await claimInvitation(deps, tx, invitation)) ?? 'invitation-void';
  const { registration } = await deps.settings.read(tx);
  return registration === 'open' ? { role: 'user', spend: spendNothing } : 'closed';
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
