/**
 * @file Rotation of the account key: a new one, and everything under it wrapped anew. Whom it is wrapped for is
 * read from the sealed account state and from the caller, never from a server.
 */
import { type BodyOf, type NewRecovery, rotateKeys as rotateKeysRoute } from '@zkvault/contract';
import {
  type AccountKey,
  type AccountKeys,
  decodeRecoveryKey,
  deriveAccountKeys,
  encodeRecoveryKey,
  makeAccountKey,
  makeRecoveryKey,
  ProtocolError,
  type RecoveryKey,
  unwrapVaultKey,
  wipe,
  wrapAccountKey,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import { type Change, type ChangeDeps, changeAccount, nextState } from './account-change.ts';
import type { AccountKeyChanges } from './account-management.ts';
import { type AccountState, FORMER_PINS_KEYS, sealAccountState } from './account-state.ts';
import { deviceIdOf } from './device.ts';
import type { NextAccount, OpenedAccount } from './keyed-account.ts';
import { passwordPlaceOf } from './password-place.ts';
import { newRecovery } from './recovery-wrap.ts';
import type { Settings } from './settings.ts';
import type { StoredVault } from './stored-account.ts';

/** Makes the rotation of the account key. */
export function makeKeyRotation(deps: ChangeDeps): Pick<AccountKeyChanges, 'rotateKeys'> {
  return {
    async rotateKeys({ password, recoveryKey: given }, options = {}) {
      await deps.opened();
      const settings = deps.settings();
      const recoveryKey = given === undefined ? makeRecoveryKey() : decodeRecoveryKey(given);
      let isRecoverable = false;
      const change: Change = {
        password,
        nextPassword: password,
        isDone: () => false,
        make: async (from) => {
          isRecoverable = from.session.accountState().recoveryId !== null;
          return makeNext(settings, from, isRecoverable ? recoveryKey : undefined);
        },
      };
      try {
        return await changeAccount(
          deps,
          change,
          () => ({
            recoveryKey: isRecoverable && given === undefined ? encodeRecoveryKey(recoveryKey) : null,
          }),
          options,
        );
      } finally {
        wipe(recoveryKey);
      }
    },
  };
}

/** @param recoveryKey undefined for an account without one. */
async function makeNext(
  settings: Settings,
  from: OpenedAccount,
  recoveryKey: RecoveryKey | undefined,
): Promise<NextAccount> {
  const accountKey = makeAccountKey();
  const accountKeys = deriveAccountKeys(accountKey);
  try {
    return await makeUnder(settings, from, { accountKey, accountKeys, recoveryKey });
  } finally {
    wipe(accountKey, ...Object.values(accountKeys));
  }
}

async function makeUnder(
  settings: Settings,
  from: OpenedAccount,
  next: {
    readonly accountKey: AccountKey;
    readonly accountKeys: AccountKeys;
    readonly recoveryKey: RecoveryKey | undefined;
  },
): Promise<NextAccount> {
  const { realm, storage, now } = settings;
  const { accountId, accountState: presentState } = from.account;
  const akEpoch = from.account.akEpoch + 1;
  const recovery: NewRecovery | null =
    next.recoveryKey === undefined
      ? null
      : await newRecovery(next.recoveryKey, { realm, accountId, akEpoch }, next.accountKey);
  const state = nextState(from, {
    akEpoch,
    recoveryId: recovery?.id ?? null,
    formerPinsKeys: formerPinsKeys(from),
    updatedBy: await deviceIdOf(storage),
    updatedAt: new Date(now()).toISOString(),
  });
  const account = {
    ...from.account,
    akEpoch,
    wrap: await wrapAccountKey(
      from.keys.wrappingKey,
      { ...passwordPlaceOf(realm, from.account), akEpoch },
      next.accountKey,
    ),
    accountState: await sealAccountState(next.accountKeys.stateKey, state),
    vaults: await rewrapVaults(realm, from, next.accountKeys),
  };
  const body: Omit<BodyOf<typeof rotateKeysRoute>, 'authKey'> = {
    akEpoch,
    wrap: account.wrap,
    accountState: account.accountState,
    ifSeq: presentState.seq,
    vaults: account.vaults.map(({ id, wrap }) => ({ id, wrap })),
    recovery,
  };
  const { keys, secretKey } = from;
  const send: NextAccount['send'] = ({ calls }, authKey) =>
    calls.send(rotateKeysRoute, { body: { ...body, authKey } });
  return { account, keys, secretKey, send };
}

/** Other devices have pins under the key before, and must be able to check them after this. */
function formerPinsKeys({ account, session }: OpenedAccount): AccountState['formerPinsKeys'] {
  const present = { akEpoch: account.akEpoch, key: session.accountKeys().pinsKey.slice() };
  return [...session.accountState().formerPinsKeys, present].slice(-FORMER_PINS_KEYS);
}

/** The same vault keys under the new account key: exactly those that the account state lists. */
async function rewrapVaults(
  realm: string,
  { account, session }: OpenedAccount,
  accountKeys: AccountKeys,
): Promise<readonly StoredVault[]> {
  const { accountId } = account;
  const vaults: StoredVault[] = [];
  for (const { id: vaultId, vkEpoch, role } of session.accountState().vaults) {
    const vault = account.vaults.find(({ id }) => id === vaultId);
    if (vault === undefined)
      throw new ProtocolError('response-malformed', 'a vault of the account is missing');
    const place = { object: 'vaultkey', realm, accountId, vaultId, vkEpoch, role } as const;
    const vaultKey = await unwrapVaultKey(session.accountKeys().vaultWrappingKey, place, vault.wrap);
    const wrap = await wrapVaultKey(accountKeys.vaultWrappingKey, place, vaultKey);
    wipe(vaultKey);
    vaults.push({ ...vault, wrap });
  }
  return vaults;
}
