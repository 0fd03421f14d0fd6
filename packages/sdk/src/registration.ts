/** @file Registration: the only path that makes the keys of an account. */
import { canonicalLogin, type NewVault, register } from '@zkvault/contract';
import {
  type AccountKey,
  deriveAccountKeys,
  derivePasswordKeys,
  deriveVaultKeys,
  emptyManifestTree,
  encodeBase64Url,
  encodeRecoveryKey,
  encodeSecretKey,
  KdfPolicyError,
  type KdfProfileId,
  kdfRank,
  makeAccountKey,
  makeRecoveryKey,
  makeSecretKey,
  makeVaultKey,
  PASSWORD_SALT_BYTES,
  ProtocolError,
  type RecoveryKey,
  randomBytes,
  type SealingKey,
  type SecretKey,
  secretKeyFromBytes,
  wipe,
  wrapAccountKey,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import { type AccountState, type Mark, markOf, sealAccountState } from './account-state.ts';
import { deviceIdOf } from './device.ts';
import { emergencyKitText } from './emergency-kit.ts';
import { AuthError, ConflictError } from './errors.ts';
import { NO_PREVIOUS_HASH, sealManifest } from './manifest-check.ts';
import { assertPasswordFulfils } from './new-password.ts';
import type { CallOptions } from './options.ts';
import { writePins } from './pins.ts';
import { newRecovery } from './recovery-wrap.ts';
import type { Settings } from './settings.ts';
import { accountStorageKeys } from './storage-keys.ts';
import type { Transport } from './transport.ts';
import type { Registered, Registration } from './vault-client.ts';

const FIRST_EPOCH = 1;
/** 32 bytes of canonical base64url. */
const INVITATION = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Makes an account at the server. See `VaultClient.register` for what it throws. */
export async function registerAccount(
  settings: Settings,
  transport: Transport,
  registration: Registration,
  options: CallOptions,
): Promise<Registered> {
  const { storage, realm, allowedProfiles, now } = settings;
  const login = canonicalLogin(registration.login);
  if (login === undefined) throw new RangeError('login must be an e-mail address or a user name');
  const profile = registration.profile ?? allowedProfiles[0]!;
  if (!allowedProfiles.includes(profile))
    throw new KdfPolicyError('kdf-profile-refused', 'the KDF profile is not among those allowed');
  const { email, fullName, invitation } = registration;
  if (invitation !== undefined && !INVITATION.test(invitation))
    throw new RangeError('invitation must be the token that an administrator gave, 43 characters');
  const personal = [login, email, fullName].filter((input) => input !== undefined);
  await assertPasswordFulfils(registration.password, settings.passwordPolicy, personal);
  const keys = accountStorageKeys(realm, login);
  if ((await storage.get(keys.pins)) !== undefined)
    throw new ConflictError('account-known', 'this device already knows an account of that login');

  const wantsSecretKey = registration.secretKey !== 'none';
  const stored = wantsSecretKey ? await storage.get(keys.secretKey) : undefined;
  const secretKey = wantsSecretKey ? secretKeyOf(stored) : undefined;
  const accountKey = makeAccountKey();
  const recoveryKey = registration.recovery === 'generate' ? makeRecoveryKey() : undefined;
  try {
    const made = await makeAccount(settings, {
      login,
      profile,
      password: registration.password,
      secretKey,
      accountKey,
      recoveryKey,
    });
    // Kept before it is sent: if the answer is lost, the account is there and only this key opens it.
    if (secretKey !== undefined) await storage.set(keys.secretKey, secretKey);
    const body = {
      ...made.body,
      ...(email === undefined ? {} : { email }),
      ...(fullName === undefined ? {} : { fullName }),
      ...(invitation === undefined ? {} : { invitation }),
    };
    const { accountId } = await transport.call(register, { body }, options).catch(async (error: unknown) => {
      const isRefused = error instanceof AuthError;
      if (isRefused && wantsSecretKey && stored === undefined) await storage.delete(keys.secretKey);
      throw error;
    });
    if (accountId !== body.accountId)
      throw new ProtocolError('response-malformed', 'the answer is to another account');
    if (secretKey === undefined) await storage.delete(keys.secretKey);
    await writePins(storage, keys.pins, deriveAccountKeys(accountKey).pinsKey, {
      accountId,
      kdfRank: kdfRank(profile),
      skFlag: secretKey === undefined ? 0 : 1,
      akEpoch: FIRST_EPOCH,
      state: made.stateMark,
      vaults: {
        [made.vaultId]: { ...made.vaultMark, entryCount: 0, verifiedAt: made.at, committedAt: made.at },
      },
    });
    const text = secretKey === undefined ? null : encodeSecretKey(secretKey);
    const kit =
      text === null ? null : { login, baseUrl: settings.baseUrl, realm, secretKey: text, atMs: now() };
    return {
      accountId,
      secretKey: text,
      emergencyKit: kit === null ? null : emergencyKitText(kit),
      recoveryKey: recoveryKey === undefined ? null : encodeRecoveryKey(recoveryKey),
    };
  } finally {
    wipe(accountKey);
    if (secretKey !== undefined) wipe(secretKey);
    if (recoveryKey !== undefined) wipe(recoveryKey);
  }
}

/** A key left by a registration that got no answer is used again: the first one may have been carried out. */
function secretKeyOf(stored: Uint8Array | undefined): SecretKey {
  return stored === undefined ? makeSecretKey() : secretKeyFromBytes(stored);
}

interface NewAccount {
  readonly login: string;
  readonly profile: KdfProfileId;
  readonly password: string;
  readonly secretKey: SecretKey | undefined;
  readonly accountKey: AccountKey;
  readonly recoveryKey: RecoveryKey | undefined;
}

/** Everything a registration sends, and the marks that begin the account's history. */
async function makeAccount(settings: Settings, account: NewAccount) {
  const { realm, kdf, storage } = settings;
  const { login, profile, password, secretKey, accountKey, recoveryKey } = account;
  const accountId = crypto.randomUUID();
  const deviceId = await deviceIdOf(storage);
  const at = new Date(settings.now()).toISOString();
  const salt = randomBytes(PASSWORD_SALT_BYTES);
  const skFlag = secretKey === undefined ? 0 : 1;
  const akEpoch = FIRST_EPOCH;
  const accountKeys = deriveAccountKeys(accountKey);
  const passwordKeys = await derivePasswordKeys({ profile, password, secretKey, realm, login, salt, kdf });
  const place = { object: 'wrap/password', realm, accountId, login, profile, skFlag, salt, akEpoch } as const;
  const wrap = await wrapAccountKey(passwordKeys.wrappingKey, place, accountKey);
  const { vault, mark } = await makeVault({ realm, accountId, deviceId, at }, accountKeys.vaultWrappingKey);
  const { id, vkEpoch, role, integrity } = vault;
  const recovery =
    recoveryKey === undefined
      ? undefined
      : await newRecovery(recoveryKey, { realm, accountId, akEpoch }, accountKey);
  const state: AccountState = {
    accountId,
    login,
    realm,
    kdfProfile: profile,
    skFlag,
    akEpoch,
    seq: 0,
    prev: NO_PREVIOUS_HASH,
    vaults: [{ id, vkEpoch, role, integrity, createdHash: mark.hash, checkpoint: mark }],
    contacts: [],
    recoveryId: recovery?.id ?? null,
    formerPinsKeys: [],
    updatedBy: deviceId,
    updatedAt: at,
  };
  const accountState = await sealAccountState(accountKeys.stateKey, state);
  const authKey = encodeBase64Url(passwordKeys.authKey);
  wipe(passwordKeys.authKey, passwordKeys.wrappingKey, ...Object.values(accountKeys));
  const body = {
    accountId,
    login,
    profile,
    salt: encodeBase64Url(salt),
    authKey,
    akEpoch,
    wrap,
    accountState,
    vaults: [vault],
    ...(recovery === undefined ? {} : { recovery }),
  };
  return { body, stateMark: markOf(accountState), vaultId: id, vaultMark: mark, at };
}

/** Makes an empty vault with its first manifest. */
async function makeVault(
  owner: {
    readonly realm: string;
    readonly accountId: string;
    readonly deviceId: string;
    readonly at: string;
  },
  vaultWrappingKey: SealingKey<'vaultkey'>,
): Promise<{ readonly vault: NewVault; readonly mark: Mark }> {
  const { realm, accountId, deviceId, at } = owner;
  const vaultId = crypto.randomUUID();
  const vkEpoch = FIRST_EPOCH;
  const vaultKey = makeVaultKey();
  const keys = deriveVaultKeys(vaultKey);
  const role = 'owner';
  const place = { object: 'vaultkey', realm, accountId, vaultId, vkEpoch, role } as const;
  const wrap = await wrapVaultKey(vaultWrappingKey, place, vaultKey);
  const manifest = await sealManifest(
    { realm, vaultId, vkEpoch, manifestKey: keys.manifestKey },
    {
      vaultId,
      vkEpoch,
      seq: 0,
      prev: NO_PREVIOUS_HASH,
      root: emptyManifestTree.root(),
      count: emptyManifestTree.count,
      writer: { accountId, deviceId },
      at,
    },
  );
  wipe(vaultKey, ...Object.values(keys));
  const vault: NewVault = { id: vaultId, integrity: 'manifest', role, vkEpoch, wrap, manifest };
  return { vault, mark: markOf(manifest) };
}
