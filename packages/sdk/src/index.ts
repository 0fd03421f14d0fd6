/** The one door of the SDK: what an app calls, and what it may get. */

export {
  type GeneratedPassphrase,
  type GeneratedPassword,
  generatePassphrase,
  generatePassword,
  type PassphraseOptions,
  type PasswordOptions,
} from '@zkvault/crypto-core';
export type { Account, AccountChange, AccountKeyChanges, AccountManagement } from './account-management.ts';
export { openWithApiKey } from './api-key-client.ts';
export type { ApiKeyClient, ApiKeyClientOptions } from './api-key-holder.ts';
export type {
  ApiKeyManagement,
  ApiKeyRotation,
  ApiKeyScope,
  ApiKeySummary,
  MadeApiKey,
  NewApiKey,
} from './api-key-management.ts';
export { createVaultClient } from './client.ts';
export type { Credentials, LoginReport, OfferedSecondFactor } from './credentials.ts';
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
  RotationIncompleteError,
  SecondFactorRequiredError,
  TransportError,
  type TransportErrorCode,
  UnlockError,
  VaultRotatedError,
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
  RotateOptions,
  VaultClientOptions,
} from './options.ts';
export type { Page } from './pages.ts';
export type {
  PasswordProof,
  Recovered,
  RecoveryManagement,
  RecoveryRequest,
  RecoveryStatus,
} from './recovery-management.ts';
export type {
  AuditQuery,
  EventsQuery,
  SecurityEvent,
  ServerAdministration,
  ServerSettings,
  SettingsChange,
  Stats,
} from './server-management.ts';
export type { LoggedInDevice, SessionManagement } from './session-management.ts';
export { memoryStorage, type Storage } from './storage.ts';
export type {
  GivenInvitation,
  ManagedUser,
  PendingInvitation,
  UserAdministration,
} from './user-management.ts';
export type {
  ClientStatus,
  Entries,
  Registered,
  Registration,
  SecondFactorManagement,
  SecondFactorSetup,
  SyncReport,
  UnlockSecret,
  VaultClient,
  WatchOptions,
} from './vault-client.ts';
export type { Freshness, VaultManagement, VaultStatus } from './vault-management.ts';
