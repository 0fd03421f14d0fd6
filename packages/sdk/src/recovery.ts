/**
 * @file Recovery: the recovery key in place of the password, and then everything that opens the account new
 * (docs/protocol.md section 9). What the server gives must open under the key and be what its account state says.
 */
import {
  canonicalLogin,
  completeRecovery,
  type LoginAnswer,
  login as loginRoute,
  type NewRecovery,
  type RecoveryAnswer,
  recover as recoverRoute,
} from '@zkvault/contract';
import {
  type AccountKey,
  decodeRecoveryKey,
  deriveAccountKeys,
  derivePasswordKeys,
  deriveRecoveryKeys,
  encodeBase64Url,
  encodeRecoveryKey,
  IntegrityError,
  type KdfProfileId,
  kdfRank,
  makeRecoveryKey,
  makeSecretKey,
  PASSWORD_SALT_BYTES,
  type RecoveryKey,
  randomBytes,
  unwrapAccountKey,
  wipe,
  wrapAccountKey,
} from '@zkvault/crypto-core';
import { nextState } from './account-change.ts';
import { textsOf } from './account-rekey.ts';
import { openAccountState, sealAccountState } from './account-state.ts';
import { deviceIdOf } from './device.ts';
import { AuthError, KdfPolicyError, RotationIncompleteError, TransportError, UnlockError } from './errors.ts';
import type { KeyedAccount, OpenedAccount } from './keyed-account.ts';
import { assertPasswordFulfils } from './new-password.ts';
import type { CallOptions } from './options.ts';
import { passwordPlaceOf } from './password-place.ts';
import { isSameAccount, readPendingChange, writePendingChange } from './pending-change.ts';
import type { Recovered, RecoveryRequest } from './recovery-management.ts';
import { newRecovery } from './recovery-wrap.ts';
import { assertSecondFactor } from './second-factor.ts';
import type { Settings } from './settings.ts';
import { type LoggedIn, openFollowing, raisePins } from './sign-in.ts';
import { accountStorageKeys } from './storage-keys.ts';
import { accountFromAnswer } from './stored-account.ts';
import { tokensFromAnswer } from './tokens.ts';
import type { Transport } from './transport.ts';

/** A recovery that is done at the server, and what its owner has to be shown. */
export interface RecoveredLogin {
  readonly loggedIn: LoggedIn;
  readonly shown: Omit<Recovered, 'lastSecurityViolationAt'>;
}

/** Recovers an account at the server. See `VaultClient.recover` for what it throws. */
export async function recoverAccount(
  settings: Settings,
  transport: Transport,
  request: RecoveryRequest,
  options: CallOptions,
): Promise<RecoveredLogin> {
  const login = canonicalLogin(request.login);
  if (login === undefined) throw new RangeError('login must be an e-mail address or a user name');
  const secondFactor =
    request.secondFactor === undefined ? undefined : assertSecondFactor(request.secondFactor);
  await assertPasswordFulfils(request.newPassword, settings.passwordPolicy, [login]);
  const recoveryKey = decodeRecoveryKey(request.recoveryKey);
  const recoveryKeys = deriveRecoveryKeys(recoveryKey);
  const nextRecoveryKey = makeRecoveryKey();
  try {
    const body = {
      login,
      recoveryAuthKey: encodeBase64Url(recoveryKeys.authKey),
      ...(secondFactor === undefined ? {} : { secondFactor }),
    };
    const answer = await transport.call(recoverRoute, { body }, options);
    const accountKey = await unwrap(settings.realm, answer, recoveryKeys.wrappingKey);
    const from = await openRecovered(settings, login, answer, accountKey);
    let next: NextRecovered | undefined;
    try {
      next = await makeNext(settings, from, { ...request, nextRecoveryKey });
      return await complete(settings, transport, { answer, from, next, nextRecoveryKey }, options);
    } finally {
      from.session.lock();
      if (next !== undefined) wipe(next.keys.authKey, next.keys.wrappingKey);
    }
  } finally {
    wipe(recoveryKey, recoveryKeys.authKey, recoveryKeys.wrappingKey, nextRecoveryKey);
  }
}

/** Wrong recovery key and tampered wrap are one error. */
async function unwrap(
  realm: string,
  { accountId, recoveryId, akEpoch, recoveryWrap }: RecoveryAnswer,
  key: ReturnType<typeof deriveRecoveryKeys>['wrappingKey'],
): Promise<AccountKey> {
  if (akEpoch === null) throw new IntegrityError('recovery-key-void', 'the account has no account key');
  try {
    const place = { object: 'wrap/recovery', realm, accountId, recoveryId, akEpoch } as const;
    return await unwrapAccountKey(key, place, recoveryWrap);
  } catch (error) {
    if (error instanceof IntegrityError) throw new UnlockError();
    throw error;
  }
}

/** Opens the account, which must follow the pins of this device and name this very recovery key. */
async function openRecovered(
  settings: Settings,
  login: string,
  answer: RecoveryAnswer,
  accountKey: AccountKey,
): Promise<OpenedAccount> {
  const { realm, storage } = settings;
  const { accountId, akEpoch, accountState, recoveryWrap, vaults } = answer;
  const material = {
    accountId,
    salt: '',
    profile: 1,
    akEpoch,
    wrap: recoveryWrap,
    accountState,
    vaults,
  } as const;
  const incomplete = accountFromAnswer(material, { login, skFlag: 0 });
  const { stateKey, ...others } = deriveAccountKeys(accountKey);
  const place = { realm, accountId, akEpoch: incomplete.akEpoch };
  const state = await openAccountState(stateKey, place, incomplete.accountState).finally(() =>
    wipe(stateKey, ...Object.values(others)),
  );
  if (state.recoveryId !== answer.recoveryId)
    throw new IntegrityError('recovery-key-void', 'the account state names another recovery key');
  const account = { ...incomplete, profile: state.kdfProfile, skFlag: state.skFlag };
  const keys = accountStorageKeys(realm, login);
  const { session } = await openFollowing(settings, keys, account, { accountKey });
  const pending = await readPendingChange(storage, keys.pending);
  // One left by an attempt without an answer is used again: that one may still be carried out.
  const isLeft = pending !== undefined && pending.account.accountState.seq > account.accountState.seq;
  const secretKey = state.skFlag === 0 ? undefined : ((isLeft ? pending.secretKey : null) ?? makeSecretKey());
  const empty = new Uint8Array(0) as KeyedAccount['keys']['wrappingKey'];
  return { account, keys: { authKey: empty, wrappingKey: empty }, secretKey, session };
}

interface NextRecovered extends KeyedAccount {
  readonly recovery: NewRecovery;
}

async function makeNext(
  settings: Settings,
  from: OpenedAccount,
  wish: { readonly newPassword: string; readonly nextRecoveryKey: RecoveryKey },
): Promise<NextRecovered> {
  const { realm, kdf, storage, now } = settings;
  const { secretKey } = from;
  const { accountId, akEpoch, login } = from.account;
  const profile = profileFor(settings, from.account.profile);
  const salt = randomBytes(PASSWORD_SALT_BYTES);
  const input = { profile, password: wish.newPassword, secretKey, realm, login, salt, kdf };
  const keys = await derivePasswordKeys(input);
  const accountKey = from.session.exportUnlockKey() as AccountKey;
  try {
    const recovery = await newRecovery(wish.nextRecoveryKey, { realm, accountId, akEpoch }, accountKey);
    const state = nextState(from, {
      kdfProfile: profile,
      recoveryId: recovery.id,
      updatedBy: await deviceIdOf(storage),
      updatedAt: new Date(now()).toISOString(),
    });
    const accountState = await sealAccountState(from.session.accountKeys().stateKey, state);
    const unwrapped = { ...from.account, profile, salt: encodeBase64Url(salt), accountState };
    const wrap = await wrapAccountKey(keys.wrappingKey, passwordPlaceOf(realm, unwrapped), accountKey);
    return { account: { ...unwrapped, wrap }, keys, secretKey, recovery };
  } finally {
    wipe(accountKey);
  }
}

/** The profile the account has if this client takes it, else the first it takes that is as strong. */
function profileFor({ allowedProfiles }: Settings, present: KdfProfileId): KdfProfileId {
  const profile = [present, ...allowedProfiles].find(
    (candidate) => allowedProfiles.includes(candidate) && kdfRank(candidate) >= kdfRank(present),
  );
  if (profile === undefined)
    throw new KdfPolicyError('kdf-profile-refused', 'no KDF profile that is allowed is as strong');
  return profile;
}

/** Sends the new password, and stores nothing but what the server has of it then. */
async function complete(
  settings: Settings,
  transport: Transport,
  done: {
    readonly answer: RecoveryAnswer;
    readonly from: OpenedAccount;
    readonly next: NextRecovered;
    readonly nextRecoveryKey: RecoveryKey;
  },
  options: CallOptions,
): Promise<RecoveredLogin> {
  const { storage, realm } = settings;
  const { next, from } = done;
  const { account, secretKey } = next;
  const keys = accountStorageKeys(realm, account.login);
  await writePendingChange(storage, keys.pending, { account, secretKey: secretKey ?? null });
  const device = { id: await deviceIdOf(storage), name: settings.deviceName };
  const body = {
    recoveryToken: done.answer.recoveryToken,
    newProfile: account.profile,
    newSalt: account.salt,
    newAuthKey: encodeBase64Url(next.keys.authKey),
    newWrap: account.wrap,
    newAccountState: account.accountState,
    ifSeq: from.account.accountState.seq,
    recovery: next.recovery,
    transport: 'body',
    device,
  } as const;
  const ended = await transport.call(completeRecovery, { body }, options).catch((error: unknown) => {
    if (!(error instanceof TransportError) || !error.maybeApplied) throw error;
    return logInAfter(transport, { account, authKey: body.newAuthKey, device, lost: error }, options);
  });
  const present = accountFromAnswer(ended, { login: account.login, skFlag: account.skFlag });
  if (!isSameAccount(present, account))
    throw new RotationIncompleteError('the server has not the new password that it says it took');
  const { wrappingKey } = next.keys;
  const { session, pins } = await openFollowing(settings, keys, account, { wrappingKey });
  await raisePins(pins, account);
  const { lastSecurityViolationAt } = ended;
  const tokens = tokensFromAnswer(ended, settings.now());
  const recoveryKey = encodeRecoveryKey(done.nextRecoveryKey);
  return {
    loggedIn: { session, account, pins, tokens, secretKey, lastSecurityViolationAt },
    shown: { recoveryKey, ...textsOf(settings, next) },
  };
}

/** Whether the new password holds is asked by logging in with it. @throws `lost`, if it does not. */
async function logInAfter(
  transport: Transport,
  attempt: {
    readonly account: KeyedAccount['account'];
    readonly authKey: string;
    readonly device: { readonly id: string; readonly name: string };
    readonly lost: TransportError;
  },
  options: CallOptions,
): Promise<LoginAnswer> {
  const { account, authKey, device, lost } = attempt;
  const body = { login: account.login, authKey, transport: 'body', device } as const;
  return transport
    .call(loginRoute, { body }, { ...options, againIfOverloaded: true })
    .catch((error: unknown) => {
      throw error instanceof AuthError || error instanceof TransportError ? lost : error;
    });
}
