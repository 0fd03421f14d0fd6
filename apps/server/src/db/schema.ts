/**
 * @file The tables as TypeScript sees them, and the two handles through which they are reached.
 * Envelopes are kept as the base64url text of the wire (docs/adr/0003-envelopes-as-text.md).
 */
import type { AuditDetails } from '@zkvault/contract';
import type { ColumnType, Generated, Insertable, Kysely, Selectable, Transaction } from 'kysely';

/** bigint columns arrive as numbers: the drivers are set up so, and no counter passes 2^53. */
type BigInteger = ColumnType<number, number, number>;
/** Set by the database's clock when left out. */
type CreatedAt = ColumnType<Date, Date | undefined, never>;

/** One account. `id` was made by its client. */
export interface UsersTable {
  id: string;
  login: string;
  email: string | null;
  full_name: string | null;
  role: ColumnType<Role, Role | undefined, Role>;
  is_active: ColumnType<boolean, boolean | undefined, boolean>;
  /** True if every login needs a second factor; a seed without it was set up and never confirmed. */
  asks_second_factor: ColumnType<boolean, boolean | undefined, boolean>;
  kdf_profile: number;
  kdf_salt: string;
  /** Argon2id (PHC string) over HMAC(pepper, authKey). */
  verifier: string;
  /** Which key of the ring was the pepper. */
  verifier_key_id: string;
  /** Rises when the password changes; a login in flight compares it before it opens a session. */
  credential_version: Generated<number>;
  ak_epoch: number | null;
  wrap_ciphertext: string | null;
  wrap_iv: string | null;
  wrap_tag: string | null;
  state_ciphertext: string | null;
  state_iv: string | null;
  state_tag: string | null;
  state_seq: BigInteger | null;
  created_at: CreatedAt;
}
type Role = 'admin' | 'moderator' | 'user' | 'viewer';

/** One logged-in device, and the family of its refresh tokens. Revoking it is one flag on this row. */
export interface SessionsTable {
  id: string;
  user_id: string;
  device_id: string;
  device_name: string;
  transport: 'body' | 'cookie';
  address_prefix: string;
  created_at: CreatedAt;
  last_used_at: ColumnType<Date, Date | undefined, Date>;
  revoked_at: ColumnType<Date | null, undefined, Date>;
  /** Why it was revoked: `logout`, `revoked`, `rekey`, `refresh-reuse`. */
  revoked_reason: ColumnType<string | null, undefined, string>;
}

/** A refresh token that was given out. Only its HMAC is kept. */
export interface RefreshTokensTable {
  token_hash: Uint8Array;
  session_id: string;
  key_id: string;
  issued_at: CreatedAt;
  expires_at: Date;
  used_at: ColumnType<Date | null, undefined, Date>;
}

/** Failed logins under one key: HMAC of the login, or of login and address prefix. */
export interface LoginFailuresTable {
  key_hash: Uint8Array;
  failures: number;
  window_started_at: Date;
  locked_until: Date | null;
}

/** The TOTP seed of an account, sealed under the server key ring. */
export interface SecondFactorsTable {
  user_id: string;
  /** Which key of the ring opens the seed. */
  key_id: string;
  sealed_seed: Uint8Array;
  /** The last step that was used; it and the ones before it are not taken again. */
  last_step: BigInteger | null;
  created_at: ColumnType<Date, Date | undefined, Date>;
}

/** A recovery code that nobody has used yet. Only its HMAC is kept. */
export interface RecoveryCodesTable {
  code_hash: Uint8Array;
  user_id: string;
  /** Which key of the ring made the HMAC; null of codes from before this was kept. */
  key_id: string | null;
  created_at: CreatedAt;
}

/** The recovery key of an account, as far as the server may know it. */
export interface RecoveryKeysTable {
  user_id: string;
  /** Made by the client, new with every key. */
  id: string;
  /** Argon2id (PHC string) over HMAC(pepper, recovery authKey). */
  verifier: string;
  verifier_key_id: string;
  wrap_ciphertext: string;
  wrap_iv: string;
  wrap_tag: string;
  created_at: ColumnType<Date, Date | undefined, Date>;
}

/** A recovery that has begun. Only the HMAC of its token is kept. */
export interface RecoveriesTable {
  token_hash: Uint8Array;
  user_id: string;
  recovery_id: string;
  /** That of the account when the recovery began. */
  credential_version: number;
  /** False if the account asked for none then. */
  second_factor_proven: boolean;
  created_at: CreatedAt;
  expires_at: Date;
}

/** One vault. */
export interface VaultsTable {
  id: string;
  owner_id: string;
  integrity: 'manifest' | 'none';
  vk_epoch: number;
  wrap_ciphertext: string | null;
  wrap_iv: string | null;
  wrap_tag: string | null;
  /** Last revision given to an entry or deletion; every operation takes one. */
  revision: Generated<number>;
  /** How many commits there were; a manifest vault's newest manifest has this seq. */
  seq: Generated<number>;
  created_at: CreatedAt;
}

/** The present state of one entry, or its tombstone (`deleted`, no envelope). */
export interface EntriesTable {
  vault_id: string;
  id: string;
  version: number;
  vk_epoch: number;
  schema: number;
  deleted: boolean;
  ciphertext: string | null;
  iv: string | null;
  tag: string | null;
  revision: BigInteger;
  updated_at: ColumnType<Date, Date | undefined, Date>;
}

/** Earlier versions of entries that are there. */
export interface EntryVersionsTable {
  vault_id: string;
  entry_id: string;
  version: number;
  vk_epoch: number;
  schema: number;
  ciphertext: string;
  iv: string;
  tag: string;
  updated_at: ColumnType<Date, Date | undefined, never>;
}

/** Every manifest of every vault; none is ever removed while the vault is there. */
export interface ManifestsTable {
  vault_id: string;
  seq: BigInteger;
  /** The vault's revision after the commit that brought it. */
  revision: BigInteger;
  ciphertext: string;
  iv: string;
  tag: string;
  created_at: CreatedAt;
}

/** A rotation of a vault's key that has begun: what is staged belongs to it. */
export interface VaultRotationsTable {
  vault_id: string;
  /** Made by the client that stages. */
  rotation_id: string;
  /** The epoch that the staged entries are for. */
  vk_epoch: number;
  /** When the last batch came. */
  updated_at: ColumnType<Date, Date | undefined, Date>;
}

/** An entry sealed under the next vault key. No reader sees it. */
export interface StagedEntriesTable {
  vault_id: string;
  entry_id: string;
  version: number;
  schema: number;
  ciphertext: string;
  iv: string;
  tag: string;
}

/** A view: the vault that the plain surface of an account works on. An account may have none. */
export interface DefaultVaultsView {
  owner_id: string;
  vault_id: string;
}

/** An invitation that nobody has used. Only the HMAC of its token is kept. */
export interface InvitationsTable {
  /** Names it where it is listed; the token does not follow from it. */
  id: Generated<string>;
  token_hash: Uint8Array;
  key_id: string;
  role: Role;
  created_by: string;
  created_at: CreatedAt;
  expires_at: Date;
}

/** What administrators have set, in one row; null where the configuration still decides. */
export interface ServerSettingsTable {
  singleton: Generated<boolean>;
  registration: 'open' | 'invitation' | null;
  password_min_length: number | null;
  password_min_score: number | null;
  password_require_classes: boolean | null;
  max_failed_logins: number | null;
  lockout_minutes: number | null;
  /** As the environment spells them. */
  rate_limit_default: string | null;
  rate_limit_session: string | null;
  rate_limit_login: string | null;
  rate_limit_register: string | null;
  rate_limit_refresh: string | null;
}

/** One audit event. There are only new ones: none is ever changed or removed. */
export interface AuditEventsTable {
  /** 0 to 15; numbers have no gaps within a chain. */
  chain: number;
  seq: BigInteger;
  occurred_at: Date;
  actor_user_id: string | null;
  subject_user_id: string | null;
  action: string;
  resource_type: string | null;
  resource_id: string | null;
  outcome: 'success' | 'failure';
  address_prefix: string | null;
  session_id: string | null;
  request_id: string | null;
  /** jsonb; written as text. */
  details: ColumnType<AuditDetails, string, never>;
  key_id: string;
  prev_hash: Uint8Array;
  hash: Uint8Array;
}

/** The last event of one chain; writers lock it. */
export interface AuditHeadsTable {
  chain: number;
  last_seq: BigInteger;
  last_hash: Uint8Array;
  key_id: string | null;
  mac: Uint8Array | null;
}

/** A request that is done once, and its answer. */
export interface IdempotencyKeysTable {
  user_id: string;
  /** The operation of the contract. */
  operation: string;
  key_hash: Uint8Array;
  /** HMAC over path and body. */
  fingerprint: Uint8Array;
  /** Which key of the ring opens the answer. */
  key_id: string;
  /** Null only within the transaction that carries the request out. */
  sealed_answer: Uint8Array | null;
  created_at: ColumnType<Date, Date | undefined, Date>;
}

/** One API key. Of the half that is shown only an HMAC is kept; of the other nothing. */
export interface ApiKeysTable {
  id: string;
  owner_id: string;
  /** Null for all vaults of the owner. */
  vault_id: string | null;
  name: string;
  may_read: boolean;
  may_write: boolean;
  /** Requests a minute; null for the server's own limit. */
  rate_limit: number | null;
  secret_hash: Uint8Array;
  /** Which key of the ring made the HMAC. */
  key_id: string;
  grant_ciphertext: string | null;
  grant_iv: string | null;
  grant_tag: string | null;
  created_at: CreatedAt;
  expires_at: Date | null;
  last_used_at: ColumnType<Date | null, undefined, Date>;
  /** The key that took its place; then `expires_at` is the end of the overlap. */
  replaced_by: ColumnType<string | null, undefined, string>;
}

/** A vault key, sealed for one API key. Of use only while `vk_epoch` is that of the vault. */
export interface ApiKeyWrapsTable {
  api_key_id: string;
  vault_id: string;
  vk_epoch: number;
  ciphertext: string;
  iv: string;
  tag: string;
}

/** All tables and views. */
export interface Database {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  login_failures: LoginFailuresTable;
  second_factors: SecondFactorsTable;
  recovery_codes: RecoveryCodesTable;
  recovery_keys: RecoveryKeysTable;
  recoveries: RecoveriesTable;
  vaults: VaultsTable;
  default_vaults: DefaultVaultsView;
  entries: EntriesTable;
  entry_versions: EntryVersionsTable;
  manifests: ManifestsTable;
  vault_rotations: VaultRotationsTable;
  staged_entries: StagedEntriesTable;
  invitations: InvitationsTable;
  api_keys: ApiKeysTable;
  api_key_wraps: ApiKeyWrapsTable;
  server_settings: ServerSettingsTable;
  audit_events: AuditEventsTable;
  audit_heads: AuditHeadsTable;
  idempotency_keys: IdempotencyKeysTable;
}

/** A connection or a transaction: functions that take it compose inside either. */
export type Db = Kysely<Database>;

/** A transaction only: for functions that lock, or write in two places. */
export type Tx = Transaction<Database>;

export type UserRow = Selectable<UsersTable>;
export type NewUserRow = Insertable<UsersTable>;
export type SessionRow = Selectable<SessionsTable>;
export type SecondFactorRow = Selectable<SecondFactorsTable>;
export type RecoveryKeyRow = Selectable<RecoveryKeysTable>;
export type VaultRow = Selectable<VaultsTable>;
export type EntryRow = Selectable<EntriesTable>;
export type EntryVersionRow = Selectable<EntryVersionsTable>;
export type ManifestRow = Selectable<ManifestsTable>;
export type AuditEventRow = Selectable<AuditEventsTable>;
export type IdempotencyKeyRow = Selectable<IdempotencyKeysTable>;
export type AuditHeadRow = Selectable<AuditHeadsTable>;
