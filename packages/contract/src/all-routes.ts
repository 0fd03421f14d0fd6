/** @file The list of every route, from which OpenAPI and the tests are made. */
import { getKeyMaterial, rotateKeys } from './account-keys.ts';
import { getServerSettings, getStats, updateServerSettings } from './administration.ts';
import {
  createApiKey,
  deleteApiKey,
  getApiKey,
  getApiKeySelf,
  listApiKeys,
  rotateApiKey,
} from './api-keys.ts';
import { listAuditEvents, listSecurityEvents } from './audit.ts';
import {
  getAuthPolicy,
  listSessions,
  login,
  logout,
  logoutAll,
  prelogin,
  refresh,
  register,
  rekey,
  revokeSession,
} from './auth.ts';
import { createEntry, deleteEntry, getEntry, listEntries, replaceEntry } from './entries.ts';
import { streamEvents } from './events.ts';
import { createInvitation, listInvitations, revokeInvitation } from './invitations.ts';
import { health, livez, readyz } from './operations.ts';
import { completeRecovery, enrolRecovery, getRecovery, recover, removeRecovery } from './recovery.ts';
import type { RouteContract } from './route.ts';
import {
  disableSecondFactor,
  renewRecoveryCodes,
  setUpSecondFactor,
  verifySecondFactor,
} from './second-factor.ts';
import {
  deleteOwnUser,
  deleteUser,
  getOwnUser,
  getUser,
  listUsers,
  updateOwnUser,
  updateUser,
} from './user-routes.ts';
import { replaceVault, stageEntries } from './vault-rotation.ts';
import {
  commitVault,
  createVault,
  deleteVault,
  getChanges,
  listEntryVersions,
  listVaults,
  replaceAccountState,
} from './vaults.ts';

/** Every operation of the API, in the order of the documentation. */
export const allRoutes: readonly RouteContract[] = [
  getAuthPolicy,
  prelogin,
  register,
  login,
  refresh,
  logout,
  logoutAll,
  listSessions,
  revokeSession,
  rekey,
  getKeyMaterial,
  rotateKeys,
  getRecovery,
  enrolRecovery,
  removeRecovery,
  recover,
  completeRecovery,
  setUpSecondFactor,
  verifySecondFactor,
  renewRecoveryCodes,
  disableSecondFactor,
  getOwnUser,
  updateOwnUser,
  deleteOwnUser,
  listUsers,
  createInvitation,
  listInvitations,
  revokeInvitation,
  getUser,
  updateUser,
  deleteUser,
  getStats,
  getServerSettings,
  updateServerSettings,
  replaceAccountState,
  listVaults,
  createVault,
  stageEntries,
  replaceVault,
  deleteVault,
  commitVault,
  getChanges,
  listEntryVersions,
  streamEvents,
  createEntry,
  listEntries,
  getEntry,
  replaceEntry,
  deleteEntry,
  createApiKey,
  listApiKeys,
  getApiKeySelf,
  getApiKey,
  deleteApiKey,
  rotateApiKey,
  listSecurityEvents,
  listAuditEvents,
  livez,
  readyz,
  health,
];
