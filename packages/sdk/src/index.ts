/** The one door of the SDK: what an app calls, and what it may get. */

export {
  type GeneratedPassphrase,
  type GeneratedPassword,
  generatePassphrase,
  generatePassword,
  type PassphraseOptions,
  type PasswordOptions,
} from '@zkvault/crypto-core';
export type { Account, AccountChange, AccountManagement } from './account-management.ts';
export { createVaultClient } from './client.ts';
export type {
  CardFields,
  CommonFields,
  CustomField,
  Entry,
  EntryBase,
  EntryChange,
  EntryDraft,
  EntryKind,
  IdentityFields,
  JsonValue,
  KindFields,
  KnownEntry,
  LoginEntry,
  LoginFields,
  OtherEntry,
  SshKeyFields,
} from './entry-kinds.ts';
export {
  AuthError,
  ConflictError,
  DowngradeError,
  ForkError,
  IntegrityError,
  KdfPolicyError,
  LockedError,
  NotFoundError,
  PasswordPolicyError,
  ProtocolError,
  RateLimitError,
  RollbackError,
  SecondFactorRequiredError,
  TransportError,
  type TransportErrorCode,
  UnlockError,
  ZkvaultError,
} from './errors.ts';
export { type ImportOptions, type ImportReport, importEntries } from './import/import-entries.ts';
export { ImportError, type ImportErrorCode } from './import/import-error.ts';
export {
  IMPORT_MAX_BYTES,
  type ImportFormat,
  importFormats,
  type ParsedImport,
  parseImport,
} from './import/parse-import.ts';
export type { RejectedRow, RejectionCode } from './import/rejected-row.ts';
export type { ImportRemark, RemarkCode } from './import/remarks.ts';
export type {
  CallOptions,
  ChangeOptions,
  CreateManyOptions,
  Fetch,
  VaultClientOptions,
} from './options.ts';
export { memoryStorage, type Storage } from './storage.ts';
export type { GivenInvitation, ManagedUser, UserAdministration } from './user-management.ts';
export type {
  ClientStatus,
  Credentials,
  Entries,
  Freshness,
  LoginReport,
  OfferedSecondFactor,
  Registered,
  Registration,
  SecondFactorManagement,
  SecondFactorSetup,
  SyncReport,
  UnlockSecret,
  VaultClient,
  VaultStatus,
} from './vault-client.ts';
