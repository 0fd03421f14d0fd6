/**
 * @file Login and unlock: everything that is checked before a password is worked on, and everything
 * that is checked before a session is given out (docs/protocol.md sections 2 and 5).
 */
import {
  canonicalLogin,
  DecodeError,
  type LoginAnswer,
  login as loginRoute,
  prelogin,
} from '@zkvault/contract';
import {
  accountKeyFromBytes,
  decodeBase64Url,
  decodeSecretKey,
  derivePasswordKeys,
  encodeBase64Url,
  KdfPolicyError,
  type KdfProfileId,
  kdfRank,
  normalizePassword,
  type PasswordKeys,
  ProtocolError,
  type SecretKey,
  wipe,
} from '@zkvault/crypto-core';
import { assertFollowsPins, openAccount } from './account-opening.ts';
import { markOf } from './account-state.ts';
import type { Credentials } from './credentials.ts';
import { deviceIdOf } from './device.ts';
import { DowngradeError, UnlockError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { secretKeyFor } from './pending-change.ts';
import { openPinBook, type PinBook, type Pins, readUnverifiedPins } from './pins.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import { type AccountStorageKeys, accountStorageKeys } from './storage-keys.ts';
import { accountFromAnswer, type StoredAccount } from './stored-account.ts';
import { type StoredTokens, tokensFromAnswer } from './tokens.ts';
import type { Transport } from './transport.ts';
import type { UnlockSecret } from './vault-client.ts';

/** An opened account whose every check has passed; nothing of it is stored yet but its pins. */
export interface SignedIn {
  readonly session: Session;
  readonly account: StoredAccount;
  readonly pins: PinBook;
}

/** What a login brings beside. */
export interface LoggedIn extends SignedIn {
  readonly tokens: StoredTokens;
  readonly lastSecurityViolationAt: string | null;
  /** To be kept for the next time; a copy the caller wipes. */
  readonly secretKey: SecretKey | undefined;
}

/** Logs in at the server. See `VaultClient.login` for what it throws. */
export async function logIn(
  settings: Settings,
  transport: Transport,
  credentials: Credentials,
  options: CallOptions,
): Promise<LoggedIn> {
  const login = canonicalLogin(credentials.login);
  if (login === undefined) throw new RangeError('login must be an e-mail address or a user name');
  const keys = accountStorageKeys(settings.realm, login);
  const pins = await readUnverifiedPins(settings.storage, keys.pins);
  const given = credentials.secretKey === undefined ? undefined : decodeSecretKey(credentials.secretKey);
  // Any one will do here: which one it is to be depends on the salt, but without one nothing is asked.
  const known = given ?? (await secretKeyFor(settings.storage, keys, ''));
  assertSecretKey(known, pins?.skFlag ?? 0);
  const { profile, salt } = await askSalt(transport, login, options);
  assertProfile(settings, profile, pins);
  const secretKey = given ?? (await secretKeyFor(settings.storage, keys, salt));
  assertSecretKey(secretKey, pins?.skFlag ?? 0);
  const { password } = credentials;
  const passwordKeys = await stretch(settings, { profile, password, secretKey, login, salt });
  try {
    options.signal?.throwIfAborted();
    const { authKey } = passwordKeys;
    const { secondFactor } = credentials;
    const answer = await sendLogin(settings, transport, { login, authKey, secondFactor }, options);
    if (answer.profile !== profile || answer.salt !== salt)
      throw new ProtocolError('response-malformed', 'the answer contradicts what was used to log in');
    const tokens = tokensFromAnswer(answer, settings.now());
    const account = accountFromAnswer(answer, { login, skFlag: secretKey === undefined ? 0 : 1 });
    const { wrappingKey } = passwordKeys;
    const { lastSecurityViolationAt } = answer;
    const signedIn = await signIn(settings, keys, account, { wrappingKey });
    return { ...signedIn, tokens, secretKey, lastSecurityViolationAt };
  } finally {
    wipe(passwordKeys.authKey, passwordKeys.wrappingKey);
  }
}

/** Opens a stored account. See `VaultClient.unlock` for what it throws. */
export async function unlockAccount(
  settings: Settings,
  account: StoredAccount,
  secret: UnlockSecret,
): Promise<SignedIn> {
  const keys = accountStorageKeys(settings.realm, account.login);
  if ('unlockKey' in secret)
    return signIn(settings, keys, account, { accountKey: accountKeyFromBytes(secret.unlockKey.slice()) });
  const { authKey, wrappingKey } = await stretchStored(settings, account, secret.password);
  try {
    return await signIn(settings, keys, account, { wrappingKey });
  } finally {
    wipe(authKey, wrappingKey);
  }
}

/**
 * The key that proves the password of a stored account to the server. The password is checked first, on what
 * is stored here: a wrong one is sent to nobody.
 *
 * @returns 32 bytes; the caller wipes them.
 * @throws {UnlockError} the password is wrong. @throws what {@link unlockAccount} throws.
 */
export async function deriveAuthKey(
  settings: Settings,
  account: StoredAccount,
  password: string,
): Promise<Uint8Array> {
  const { authKey, wrappingKey } = await stretchStored(settings, account, password);
  try {
    (await openAccount(settings.realm, account, { wrappingKey })).lock();
  } catch (error) {
    wipe(authKey);
    throw error;
  } finally {
    wipe(wrappingKey);
  }
  return authKey;
}

/**
 * Works on a password for a stored account, if neither the account nor the pins forbid it.
 *
 * @returns keys that the caller wipes; nothing says yet that the password is right.
 */
export async function stretchStored(
  settings: Settings,
  { login, profile, salt, skFlag }: StoredAccount,
  password: string,
): Promise<PasswordKeys> {
  const keys = accountStorageKeys(settings.realm, login);
  const pins = await readUnverifiedPins(settings.storage, keys.pins);
  const secretKey = await secretKeyFor(settings.storage, keys, salt);
  try {
    assertSecretKey(secretKey, Math.max(skFlag, pins?.skFlag ?? 0));
    assertProfile(settings, profile, pins);
    return await stretch(settings, { profile, password, secretKey, login, salt });
  } finally {
    if (secretKey !== undefined) wipe(secretKey);
  }
}

/** Opens, compares with the verified pins, and raises them. */
async function signIn(
  settings: Settings,
  keys: AccountStorageKeys,
  account: StoredAccount,
  opener: Parameters<typeof openAccount>[2],
): Promise<SignedIn> {
  const { session, pins } = await openFollowing(settings, keys, account, opener);
  try {
    await raisePins(pins, account);
    return { session, account, pins };
  } catch (error) {
    session.lock();
    throw error;
  }
}

/**
 * Opens an account that must follow the verified pins. Nothing is remembered yet.
 *
 * @throws what {@link openAccount} and {@link assertFollowsPins} throw.
 */
export async function openFollowing(
  settings: Settings,
  keys: AccountStorageKeys,
  account: StoredAccount,
  opener: Parameters<typeof openAccount>[2],
): Promise<Pick<SignedIn, 'session' | 'pins'>> {
  const session = await openAccount(settings.realm, account, opener);
  try {
    const pins = openPinBook(settings.storage, keys.pins, session.pinsKey);
    assertFollowsPins(session, account, await pins.read());
    return { session, pins };
  } catch (error) {
    session.lock();
    throw error;
  }
}

/** Remembers an account that was opened. @throws {ForkError} it contradicts what is remembered. */
export async function raisePins(pins: PinBook, account: StoredAccount): Promise<void> {
  const { accountId, profile, skFlag, akEpoch } = account;
  const state = markOf(account.accountState);
  await pins.raise({ account: { accountId, kdfRank: kdfRank(profile), skFlag, akEpoch, state } });
}

function assertSecretKey(secretKey: SecretKey | undefined, skFlag: number): void {
  if (secretKey === undefined && skFlag === 1)
    throw new DowngradeError('secret-key-missing', 'this account has a Secret Key, and none was given');
}

/** Decides about a profile before any work is done with it. @throws {KdfPolicyError} @throws {DowngradeError} */
export function assertProfile(
  { allowedProfiles }: Settings,
  profile: KdfProfileId,
  pins: Pins | undefined,
): void {
  if (!allowedProfiles.includes(profile))
    throw new KdfPolicyError('kdf-profile-refused', 'the KDF profile is not among those allowed');
  if (pins !== undefined && kdfRank(profile) < pins.kdfRank)
    throw new DowngradeError('kdf-downgrade', 'the account had a stronger KDF profile before');
}

async function askSalt(transport: Transport, login: string, options: CallOptions) {
  try {
    return await transport.call(prelogin, { body: { login } }, { ...options, idempotent: true });
  } catch (error) {
    const cause = error instanceof ProtocolError ? error.cause : undefined;
    if (cause instanceof DecodeError && cause.pointer === '/profile')
      throw new KdfPolicyError('kdf-profile-unknown', 'the KDF profile is not one this version knows');
    throw error;
  }
}

async function stretch(
  { kdf, realm }: Settings,
  input: {
    readonly profile: KdfProfileId;
    readonly password: string;
    readonly secretKey: SecretKey | undefined;
    readonly login: string;
    /** Canonical base64url. */
    readonly salt: string;
  },
): Promise<PasswordKeys> {
  const salt = decodeBase64Url(input.salt);
  assertPossible(input.password);
  return derivePasswordKeys({ ...input, salt, realm, kdf });
}

/** No account has a password that is too short or too long, so such a one is simply wrong. */
function assertPossible(password: string): void {
  try {
    wipe(normalizePassword(password));
  } catch (error) {
    if (error instanceof RangeError) throw new UnlockError();
    throw error;
  }
}

async function sendLogin(
  settings: Settings,
  transport: Transport,
  proof: {
    readonly login: string;
    readonly authKey: Uint8Array;
    readonly secondFactor: Credentials['secondFactor'];
  },
  options: CallOptions,
): Promise<LoginAnswer> {
  const device = { id: await deviceIdOf(settings.storage), name: settings.deviceName };
  const authKey = encodeBase64Url(proof.authKey);
  const { login, secondFactor } = proof;
  const body = {
    login,
    authKey,
    transport: 'body',
    ...(secondFactor === undefined ? {} : { secondFactor }),
    device,
  } as const;
  return transport.call(loginRoute, { body }, { ...options, againIfOverloaded: true });
}
