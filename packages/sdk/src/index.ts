/** The one door of the SDK: what an app calls, and what it may get. */
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
export type {
  CallOptions,
  ChangeOptions,
  CreateManyOptions,
  Fetch,
  VaultClientOptions,
} from './options.ts';
export { memoryStorage, type Storage } from './storage.ts';
export type {
  ClientStatus,
  Credentials,
  Entries,
  Freshness,
  Registered,
  Registration,
  SyncReport,
  UnlockSecret,
  VaultClient,
  VaultStatus,
} from './vault-client.ts';
