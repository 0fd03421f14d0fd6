/** @file Enrolling, renewing and removing the recovery key of an unlocked account. */
import { enrolRecovery, getRecovery, type NewRecovery, removeRecovery } from '@zkvault/contract';
import {
  accountKeyFromBytes,
  encodeRecoveryKey,
  makeRecoveryKey,
  type RecoveryKey,
  wipe,
} from '@zkvault/crypto-core';
import { type ChangeDeps, changeAccount, nextState } from './account-change.ts';
import { sealAccountState } from './account-state.ts';
import { deviceIdOf } from './device.ts';
import { ConflictError, RotationIncompleteError } from './errors.ts';
import type { NextAccount, OpenedAccount } from './keyed-account.ts';
import type { CallOptions } from './options.ts';
import type { PasswordProof, RecoveryManagement } from './recovery-management.ts';
import { newRecovery } from './recovery-wrap.ts';
import type { Settings } from './settings.ts';

/** Makes the recovery's part of a client. */
export function makeRecoveryManagement(deps: ChangeDeps): RecoveryManagement {
  async function carryOut(
    { password }: PasswordProof,
    make: (from: OpenedAccount) => Promise<NextAccount>,
    options: CallOptions,
  ): Promise<void> {
    await deps.opened();
    const change = { password, nextPassword: password, isDone: () => false, make };
    await changeAccount(deps, change, () => undefined, options);
  }

  async function enrol(proof: PasswordProof, isRenewal: boolean, options: CallOptions) {
    const recoveryKey = makeRecoveryKey();
    try {
      const make = (from: OpenedAccount): Promise<NextAccount> => {
        if (isRenewal && from.session.accountState().recoveryId === null)
          throw new ConflictError('recovery-missing', 'the account has no recovery key');
        return makeEnrolled(deps.settings(), from, recoveryKey);
      };
      await carryOut(proof, async (from) => make(from), options);
      if (!(await status(options)).keptByServer)
        throw new RotationIncompleteError('the server has not the recovery key that it says it took');
      return { recoveryKey: encodeRecoveryKey(recoveryKey) };
    } finally {
      wipe(recoveryKey);
    }
  }

  async function status(options: CallOptions) {
    const { session, calls } = await deps.opened();
    const { recovery } = await calls.send(getRecovery, {}, { ...options, idempotent: true });
    const { recoveryId } = session.accountState();
    return { enrolled: recoveryId !== null, keptByServer: recovery !== null && recovery.id === recoveryId };
  }

  return {
    enrol: (proof, options = {}) => enrol(proof, false, options),
    renew: (proof, options = {}) => enrol(proof, true, options),
    remove: (proof, options = {}) => carryOut(proof, (from) => makeRemoved(deps.settings(), from), options),
    status: (options = {}) => status(options),
  };
}

async function makeEnrolled(
  settings: Settings,
  from: OpenedAccount,
  recoveryKey: RecoveryKey,
): Promise<NextAccount> {
  const { accountId, akEpoch } = from.account;
  const accountKey = accountKeyFromBytes(from.session.exportUnlockKey());
  try {
    const recovery = await newRecovery(
      recoveryKey,
      { realm: settings.realm, accountId, akEpoch },
      accountKey,
    );
    return await makeNamed(settings, from, recovery);
  } finally {
    wipe(accountKey);
  }
}

function makeRemoved(settings: Settings, from: OpenedAccount): Promise<NextAccount> {
  return makeNamed(settings, from, null);
}

/** The same account with an account state that names another recovery key, or none. */
async function makeNamed(
  { storage, now }: Settings,
  from: OpenedAccount,
  recovery: NewRecovery | null,
): Promise<NextAccount> {
  const state = nextState(from, {
    recoveryId: recovery?.id ?? null,
    updatedBy: await deviceIdOf(storage),
    updatedAt: new Date(now()).toISOString(),
  });
  const accountState = await sealAccountState(from.session.accountKeys().stateKey, state);
  const { keys, secretKey } = from;
  const send: NextAccount['send'] = ({ calls }, authKey) =>
    recovery === null
      ? calls.send(removeRecovery, { body: { authKey, accountState } })
      : calls.send(enrolRecovery, { body: { authKey, recovery, accountState } });
  return { account: { ...from.account, accountState }, keys, secretKey, send };
}
