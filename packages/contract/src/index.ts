/** The one door of the contract: everything that may be said on the wire. */
export { getKeyMaterial, KeyMaterial, rotateKeys } from './account-keys.ts';
export {
  getServerSettings,
  getStats,
  LockoutSettings,
  PasswordAdvice,
  RateLimitSettings,
  RegistrationMode,
  ServerSettings,
  type SettingsChange,
  Stats,
  updateServerSettings,
} from './administration.ts';
export { allRoutes } from './all-routes.ts';
export {
  API_KEY_OVERLAP_SECONDS,
  API_KEY_RATE_LIMIT,
  API_KEYS_PER_ACCOUNT,
  ApiKey,
  ApiKeyScope,
  ApiKeySelf,
  ApiKeyWrap,
  createApiKey,
  deleteApiKey,
  getApiKey,
  getApiKeySelf,
  listApiKeys,
  rotateApiKey,
} from './api-keys.ts';
export {
  AUDIT_PAGE_LIMITS,
  type AuditAction,
  AuditDetails,
  AuditEvent,
  listAuditEvents,
  listSecurityEvents,
} from './audit.ts';
export {
  AuthPolicy,
  Device,
  getAuthPolicy,
  LoginAnswer,
  listSessions,
  login,
  logout,
  logoutAll,
  prelogin,
  refresh,
  register,
  rekey,
  revokeSession,
  Session,
  Tokens,
  Transport,
} from './auth.ts';
export { DecodeError, decode } from './decode.ts';
export {
  createEntry,
  deleteEntry,
  type EntryEnvelope,
  getEntry,
  listEntries,
  replaceEntry,
} from './entries.ts';
export { ENTRY_HISTORY_LIMIT, Entry } from './entry-fields.ts';
export {
  EndEvent,
  EVENT_STREAM_HEARTBEAT_SECONDS,
  EVENT_STREAM_LIMITS,
  streamEvents,
  VaultEvent,
} from './events.ts';
export { IDEMPOTENCY_KEY } from './idempotency.ts';
export {
  createInvitation,
  INVITATION_HOURS,
  Invitation,
  InvitationToken,
  listInvitations,
  OpenInvitation,
  revokeInvitation,
} from './invitations.ts';
export { canonicalLogin, isReservedLogin, LOGIN_MAX_LENGTH, RESERVED_USERNAMES } from './login.ts';
export { buildOpenApi } from './openapi.ts';
export { health, livez, readyz } from './operations.ts';
export { PAGE_LIMITS } from './paging.ts';
export { Permission } from './permissions.ts';
export { commonProblems, Problem, type ProblemCode, problems, problemType } from './problems.ts';
export {
  completeRecovery,
  enrolRecovery,
  getRecovery,
  RECOVERY_SECONDS,
  RecoveryAnswer,
  recover,
  removeRecovery,
} from './recovery.ts';
export { NewRecovery } from './recovery-fields.ts';
export {
  type AnswerOf,
  type BodyOf,
  DEFAULT_BODY_LIMIT_BYTES,
  type ParamsOf,
  type QueryOf,
  type RouteContract,
} from './route.ts';
export {
  base64UrlLength,
  DEFAULT_KDF_PROFILE,
  ENVELOPE_BYTES,
  Envelope,
  KdfProfile,
  Sealed,
  SMALL_ENVELOPE_BYTES,
  Wrap,
} from './scalars.ts';
export {
  disableSecondFactor,
  renewRecoveryCodes,
  SecondFactor,
  setUpSecondFactor,
  verifySecondFactor,
} from './second-factor.ts';
export { JSON_MAX_DEPTH, parseStrictJson, StrictJsonError } from './strict-json.ts';
export {
  deleteOwnUser,
  deleteUser,
  getOwnUser,
  getUser,
  listUsers,
  USERS_PAGE_LIMITS,
  updateOwnUser,
  updateUser,
} from './user-routes.ts';
export { Role, User } from './users.ts';
export { replaceVault, STAGING_HOURS, STAGING_LIMITS, StagedEntry, stageEntries } from './vault-rotation.ts';
export {
  CHANGES_LIMITS,
  Changes,
  COMMIT_LIMITS,
  commitVault,
  createVault,
  DeleteOperation,
  Deletion,
  deleteVault,
  EntryVersion,
  getChanges,
  listEntryVersions,
  listVaults,
  NewVault,
  PutOperation,
  replaceAccountState,
  VAULTS_PER_ACCOUNT,
  Vault,
  VaultIntegrity,
} from './vaults.ts';
