export {
  type ApiKey,
  apiKeyCredential,
  apiKeyDigest,
  decodeApiKey,
  encodeApiKey,
  makeApiKey,
} from './api-key.ts';
export { bytesToHex, concatBytes, equalInConstantTime, hexToBytes, utf8, wipe } from './bytes.ts';
export { decodeBase64Url, encodeBase64Url, encodeFields, type Field, uuidToBytes } from './encoding.ts';
export { envelopeHash, open, seal } from './envelope.ts';
export {
  type CoreErrorCode,
  coreErrorCodes,
  IntegrityError,
  KdfPolicyError,
  ProtocolError,
  ZkvaultError,
} from './errors.ts';
export {
  type KdfProfileId,
  kdfProfiles,
  kdfRank,
  normalizePassword,
  PASSWORD_BYTES,
  parseKdfProfile,
} from './kdf-profiles.ts';
export {
  type AccountKeys,
  type ApiKeyKeys,
  deriveAccountKeys,
  deriveApiKeyKeys,
  derivePasswordKeys,
  deriveRecoveryKeys,
  deriveVaultKeys,
  PASSWORD_SALT_BYTES,
  type PasswordInput,
  type PasswordKeys,
  type RecoveryKeys,
  type VaultKeys,
} from './key-schedule.ts';
export {
  type AccountKeyWrap,
  unwrapAccountKey,
  unwrapVaultKey,
  type VaultKeyWrap,
  wrapAccountKey,
  wrapVaultKey,
} from './key-wrap.ts';
export {
  type AccountKey,
  type ApiKeySecret,
  accountKeyFromBytes,
  KEY_BYTES,
  makeAccountKey,
  makeRecoveryKey,
  makeSecretKey,
  makeVaultKey,
  manifestKeyFromBytes,
  type PinsKey,
  pinsKeyFromBytes,
  type RecoveryKey,
  type SealingKey,
  type SecretKey,
  secretKeyFromBytes,
  type VaultKey,
  vaultKeyFromBytes,
} from './keys.ts';
export { entryLeaf, tombstoneLeaf } from './manifest.ts';
export { emptyManifestTree, type LeafChange, type ManifestTree } from './manifest-tree.ts';
export {
  type GeneratedPassphrase,
  generatePassphrase,
  type PassphraseOptions,
  passphraseWords,
} from './passphrase.ts';
export { type GeneratedPassword, generatePassword, type PasswordOptions } from './password-generator.ts';
export {
  checkPassword,
  defaultPasswordPolicy,
  type PasswordFailure,
  type PasswordPolicy,
  type PasswordVerdict,
  type StrengthEstimate,
  strictPasswordPolicy,
  tightenPolicy,
} from './password-policy.ts';
export { macPins, verifyPins } from './pins.ts';
export type { Place, PlaceKind, PlaceOf } from './place.ts';
export { type Argon2Input, assertArgon2Input, type Kdf, portableKdf } from './primitives/argon2.ts';
export { sha256 } from './primitives/hash.ts';
export { randomBytes } from './primitives/random.ts';
export { decodeRecoveryKey, encodeRecoveryKey } from './recovery-key.ts';
export type { Envelope } from './sealing.ts';
export { decodeSecretKey, encodeSecretKey } from './secret-key.ts';
