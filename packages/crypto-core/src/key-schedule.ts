/** @file From passwords and random keys to the keys that are used (docs/protocol.md section 3). */
import { utf8, wipe } from './bytes.ts';
import { encodeFields } from './encoding.ts';
import { type KdfProfileId, normalizePassword, parseKdfProfile, stretchPassword } from './kdf-profiles.ts';
import {
  type AccountKey,
  type ApiKeySecret,
  KEY_BYTES,
  keyFromBytes,
  type PinsKey,
  type RecoveryKey,
  type SealingKey,
  type SecretKey,
  type VaultKey,
} from './keys.ts';
import { labels } from './labels.ts';
import type { Kdf } from './primitives/argon2.ts';
import { hkdfSha256, sha256 } from './primitives/hash.ts';

/** Length of a password's salt, as it is kept by the server. */
export const PASSWORD_SALT_BYTES = 16;

const NO_SALT = new Uint8Array(0);

/** What the keys of a password are made of. */
export interface PasswordInput {
  readonly profile: KdfProfileId;
  /** As typed; 12 to 1,024 bytes of UTF-8 after NFKC. */
  readonly password: string;
  /** Always mixed in if given, whatever a server says. */
  readonly secretKey?: SecretKey | undefined;
  /** From the client's configuration, never from a response. */
  readonly realm: string;
  /** In canonical form. */
  readonly login: string;
  /** 16 bytes, from a response. */
  readonly salt: Uint8Array;
  readonly kdf: Kdf;
}

/** The two keys of a password: one to send, one to keep. */
export interface PasswordKeys {
  /** 32 bytes, sent at register and login; tells nothing about the other. */
  readonly authKey: Uint8Array;
  /** Never leaves the client. */
  readonly wrappingKey: SealingKey<'wrap/password'>;
}

/**
 * Derives the keys of a password. Costs one run of the profile's KDF.
 *
 * @returns keys that the caller owns and wipes; intermediate values are wiped here.
 * @throws {KdfPolicyError} unknown profile, before any work.
 * @throws {RangeError} password or salt out of bounds, before any work.
 */
export async function derivePasswordKeys(input: PasswordInput): Promise<PasswordKeys> {
  const profile = parseKdfProfile(input.profile);
  const salt = effectiveSalt(input);
  const password = normalizePassword(input.password);
  const stretched = await stretchPassword({ profile, password, salt, kdf: input.kdf });
  const root = passwordRoot(stretched, input);
  const keys = passwordSubkeys(root);
  wipe(password, stretched, root);
  return keys;
}

/**
 * Binds a salt to realm and login, so that a server cannot give one salt to several people.
 *
 * @throws {RangeError} the salt is not 16 bytes.
 */
export function effectiveSalt(input: Pick<PasswordInput, 'realm' | 'login' | 'salt'>): Uint8Array {
  const { realm, login, salt } = input;
  if (salt.length !== PASSWORD_SALT_BYTES)
    throw new RangeError(`salt must be ${PASSWORD_SALT_BYTES} bytes, got ${salt.length}`);
  return sha256(encodeFields(labels.salt, realm, login, salt));
}

/** Mixes the Secret Key into the stretched password; `skFlag` says which of the two kinds of account it is. */
export function passwordRoot(
  stretched: Uint8Array,
  input: Pick<PasswordInput, 'profile' | 'realm' | 'login' | 'secretKey'>,
): Uint8Array {
  const { profile, realm, login, secretKey } = input;
  const skFlag = secretKey === undefined ? 0 : 1;
  const salt = secretKey === undefined ? new Uint8Array(KEY_BYTES) : keyFromBytes(secretKey);
  const info = sha256(encodeFields(labels.root, realm, login, profile, skFlag));
  return hkdfSha256({ key: stretched, salt, info, length: KEY_BYTES });
}

/** Derives the two keys of a root. */
export function passwordSubkeys(root: Uint8Array): PasswordKeys {
  return {
    authKey: subkey(root, labels.auth),
    wrappingKey: keyFromBytes(subkey(root, labels.passwordWrapping)),
  };
}

/** The keys of an account key. */
export interface AccountKeys {
  readonly vaultWrappingKey: SealingKey<'vaultkey'>;
  readonly stateKey: SealingKey<'acctstate'>;
  readonly identityKey: SealingKey<'identity'>;
  readonly pinsKey: PinsKey;
}

/** Derives the keys of an account key. */
export function deriveAccountKeys(accountKey: AccountKey): AccountKeys {
  return {
    vaultWrappingKey: keyFromBytes(subkey(accountKey, labels.vaultWrapping)),
    stateKey: keyFromBytes(subkey(accountKey, labels.accountState)),
    identityKey: keyFromBytes(subkey(accountKey, labels.identity)),
    pinsKey: keyFromBytes(subkey(accountKey, labels.pins)),
  };
}

/** The keys of a vault key. */
export interface VaultKeys {
  readonly entryKey: SealingKey<'entry'>;
  readonly manifestKey: SealingKey<'manifest'>;
  readonly blobKey: SealingKey<'blob'>;
}

/** Derives the keys of a vault key. */
export function deriveVaultKeys(vaultKey: VaultKey): VaultKeys {
  return {
    entryKey: keyFromBytes(subkey(vaultKey, labels.entry)),
    manifestKey: keyFromBytes(subkey(vaultKey, labels.manifest)),
    blobKey: keyFromBytes(subkey(vaultKey, labels.blob)),
  };
}

/** The keys of a recovery key. */
export interface RecoveryKeys {
  readonly wrappingKey: SealingKey<'wrap/recovery'>;
  /** 32 bytes, sent to start a recovery. */
  readonly authKey: Uint8Array;
}

/** Derives the keys of a recovery key. */
export function deriveRecoveryKeys(recoveryKey: RecoveryKey): RecoveryKeys {
  return {
    wrappingKey: keyFromBytes(subkey(recoveryKey, labels.recoveryWrapping)),
    authKey: subkey(recoveryKey, labels.recoveryAuth),
  };
}

/** The keys of an API key's secret half. */
export interface ApiKeyKeys {
  /** Opens the wraps of the vault keys. */
  readonly wrappingKey: SealingKey<'wrap/apikey'>;
  /** Opens the grant: what the API key is for. */
  readonly grantKey: SealingKey<'apikey-grant'>;
  readonly pinsKey: PinsKey;
}

/** Derives the keys of an API key's secret half. */
export function deriveApiKeyKeys(secret: ApiKeySecret): ApiKeyKeys {
  return {
    wrappingKey: keyFromBytes(subkey(secret, labels.apiKeyWrapping)),
    grantKey: keyFromBytes(subkey(secret, labels.apiKeyGrant)),
    pinsKey: keyFromBytes(subkey(secret, labels.apiKeyPins)),
  };
}

function subkey(key: Uint8Array, label: string): Uint8Array {
  return hkdfSha256({ key, salt: NO_SALT, info: utf8(label), length: KEY_BYTES });
}
