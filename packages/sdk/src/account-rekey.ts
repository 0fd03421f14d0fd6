/** @file Changes of what opens the account: password, login, KDF profile and Secret Key. The account key stays. */
import { type BodyOf, canonicalLogin, rekey } from '@zkvault/contract';
import {
  derivePasswordKeys,
  encodeBase64Url,
  encodeSecretKey,
  KdfPolicyError,
  type KdfProfileId,
  kdfRank,
  makeSecretKey,
  PASSWORD_SALT_BYTES,
  parseKdfProfile,
  randomBytes,
  type SecretKey,
  unwrapAccountKey,
  wipe,
  wrapAccountKey,
} from '@zkvault/crypto-core';
import { type Change, type ChangeDeps, changeAccount, nextState } from './account-change.ts';
import type { AccountKeyChanges } from './account-management.ts';
import { sealAccountState } from './account-state.ts';
import { deviceIdOf } from './device.ts';
import { emergencyKitText } from './emergency-kit.ts';
import { DowngradeError, PasswordPolicyError } from './errors.ts';
import type { KeyedAccount, NextAccount, OpenedAccount } from './keyed-account.ts';
import { assertPasswordFulfils } from './new-password.ts';
import type { CallOptions } from './options.ts';
import { passwordPlaceOf } from './password-place.ts';
import { readPendingChange } from './pending-change.ts';
import type { Settings } from './settings.ts';
import { accountStorageKeys } from './storage-keys.ts';

/** What is to be different. */
interface Wish {
  readonly password: string;
  readonly nextPassword?: string;
  readonly login?: string;
  readonly profile?: KdfProfileId;
  readonly newSecretKey?: boolean;
}

/** Makes the changes of what opens the account. */
export function makeRekeying(deps: ChangeDeps): Omit<AccountKeyChanges, 'rotateKeys'> {
  const carryOut = (wish: Wish, options: CallOptions): Promise<KeyTexts> => {
    const settings = deps.settings();
    const change: Change = {
      password: wish.password,
      nextPassword: wish.nextPassword ?? wish.password,
      isDone: ({ login, profile }) =>
        (wish.login ?? login) === login && (wish.profile ?? profile) === profile,
      make: (from) => makeNext(settings, from, wish),
    };
    return changeAccount(deps, change, (done) => textsOf(settings, done), options);
  };

  return {
    async changePassword({ currentPassword, newPassword, profile }, options = {}) {
      const { session } = await deps.opened();
      const settings = deps.settings();
      assertChanged(currentPassword, newPassword);
      await assertPasswordFulfils(newPassword, settings.passwordPolicy, [session.account.login]);
      const wish = { password: currentPassword, nextPassword: newPassword };
      await carryOut(profile === undefined ? wish : { ...wish, profile: parseKdfProfile(profile) }, options);
    },
    async changeLogin({ password, newLogin }, options = {}) {
      const { session } = await deps.opened();
      const login = canonicalLogin(newLogin);
      if (login === undefined) throw new RangeError('newLogin must be an e-mail address or a user name');
      if (login === session.account.login) throw new RangeError('newLogin must be another login');
      const { emergencyKit } = await carryOut({ password, login }, options);
      return { emergencyKit };
    },
    async raiseKdfProfile({ password, profile }, options = {}) {
      await deps.opened();
      await carryOut({ password, profile: parseKdfProfile(profile) }, options);
    },
    async renewSecretKey({ password }, options = {}) {
      await deps.opened();
      const { secretKey, emergencyKit } = await carryOut({ password, newSecretKey: true }, options);
      if (secretKey === null || emergencyKit === null) throw new RangeError('a Secret Key was to be made');
      return { secretKey, emergencyKit };
    },
  };
}

function assertChanged(current: string, next: string): void {
  if (current.normalize('NFKC') === next.normalize('NFKC')) throw new PasswordPolicyError(['unchanged']);
}

/** The printed forms of what opens an account; null for a password-only account. */
export interface KeyTexts {
  readonly secretKey: string | null;
  readonly emergencyKit: string | null;
}

/** Writes the Emergency Kit of an account as it is now. */
export function textsOf(settings: Settings, { account, secretKey: key }: KeyedAccount): KeyTexts {
  if (key === undefined) return { secretKey: null, emergencyKit: null };
  const { baseUrl, realm } = settings;
  const secretKey = encodeSecretKey(key);
  const kit = { login: account.login, baseUrl, realm, secretKey, atMs: settings.now() };
  return { secretKey, emergencyKit: emergencyKitText(kit) };
}

async function makeNext(settings: Settings, from: OpenedAccount, wish: Wish): Promise<NextAccount> {
  const { realm, kdf, storage, now } = settings;
  const profile = wish.profile ?? from.account.profile;
  assertRises(settings, from.account.profile, profile);
  const login = wish.login ?? from.account.login;
  const secretKey = await nextSecretKey(settings, from, wish.newSecretKey === true);
  const skFlag = secretKey === undefined ? (0 as const) : (1 as const);
  const salt = randomBytes(PASSWORD_SALT_BYTES);
  const password = wish.nextPassword ?? wish.password;
  const keys = await derivePasswordKeys({ profile, password, secretKey, realm, login, salt, kdf });
  const deviceId = await deviceIdOf(storage);
  const state = nextState(from, {
    login,
    kdfProfile: profile,
    skFlag,
    updatedBy: deviceId,
    updatedAt: new Date(now()).toISOString(),
  });
  const accountState = await sealAccountState(from.session.accountKeys().stateKey, state);
  const wrap = await rewrap(realm, from, { wrappingKey: keys.wrappingKey, login, profile, skFlag, salt });
  const account = {
    ...from.account,
    login,
    profile,
    skFlag,
    salt: encodeBase64Url(salt),
    wrap,
    accountState,
  };
  const body: Omit<BodyOf<typeof rekey>, 'authKey'> = {
    ...(login === from.account.login ? {} : { newLogin: login }),
    newProfile: profile,
    newSalt: account.salt,
    newAuthKey: encodeBase64Url(keys.authKey),
    newWrap: wrap,
    newAccountState: accountState,
    ifSeq: from.account.accountState.seq,
  };
  const send: NextAccount['send'] = ({ calls }, authKey) => calls.send(rekey, { body: { ...body, authKey } });
  return { account, keys, secretKey, send };
}

function assertRises(settings: Settings, present: KdfProfileId, next: KdfProfileId): void {
  if (!settings.allowedProfiles.includes(next))
    throw new KdfPolicyError('kdf-profile-refused', 'the KDF profile is not among those allowed');
  if (kdfRank(next) < kdfRank(present))
    throw new DowngradeError('kdf-downgrade', 'the account has a stronger KDF profile');
}

async function nextSecretKey(
  { storage, realm }: Settings,
  from: OpenedAccount,
  isNew: boolean,
): Promise<SecretKey | undefined> {
  if (!isNew) return from.secretKey?.slice() as SecretKey | undefined;
  // One left by an attempt without an answer is used again: that one may still be carried out.
  const pending = await readPendingChange(storage, accountStorageKeys(realm, from.account.login).pending);
  const isLeft = pending !== undefined && pending.account.accountState.seq > from.account.accountState.seq;
  return isLeft && pending.secretKey !== null && !isSame(pending.secretKey, from.secretKey)
    ? pending.secretKey
    : makeSecretKey();
}

function isSame(left: SecretKey, right: SecretKey | undefined): boolean {
  return right !== undefined && left.every((byte, index) => byte === right[index]);
}

/** Wraps the account key, which stays the same, for another password. */
async function rewrap(
  realm: string,
  { account, keys }: OpenedAccount,
  next: {
    readonly wrappingKey: KeyedAccount['keys']['wrappingKey'];
    readonly login: string;
    readonly profile: KdfProfileId;
    readonly skFlag: 0 | 1;
    readonly salt: Uint8Array;
  },
): Promise<KeyedAccount['account']['wrap']> {
  const { accountId, akEpoch } = account;
  const { wrappingKey, ...fields } = next;
  const accountKey = await unwrapAccountKey(keys.wrappingKey, passwordPlaceOf(realm, account), account.wrap);
  try {
    const place = { object: 'wrap/password', realm, accountId, akEpoch, ...fields } as const;
    return await wrapAccountKey(wrappingKey, place, accountKey);
  } finally {
    wipe(accountKey);
  }
}
