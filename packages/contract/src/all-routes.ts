/** @file The list of every route, from which OpenAPI and the tests are made. */
import { getServerSettings, getStats, updateServerSettings } from './administration.ts';
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
import { health, livez, readyz } from './operations.ts';
import type { RouteContract } from './route.ts';
import {
  disableSecondFactor,
  renewRecoveryCodes,
  setUpSecondFactor,
  verifySecondFactor,
} from './second-factor.ts';
import {
  createInvitation,
  deleteOwnUser,
  deleteUser,
  getOwnUser,
  getUser,
  listUsers,
  updateOwnUser,
  updateUser,
} from './user-routes.ts';
import {
  commitVault,
  createVault,
  deleteVault,
  getChanges,
  listEntryVersions,
  listVaults,
  replaceAccountState,
  replaceVault,
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
  setUpSecondFactor,
  verifySecondFactor,
  renewRecoveryCodes,
  disableSecondFactor,
  getOwnUser,
  updateOwnUser,
  deleteOwnUser,
  listUsers,
  createInvitation,
  getUser,
  updateUser,
  deleteUser,
  getStats,
  getServerSettings,
  updateServerSettings,
  replaceAccountState,
  listVaults,
  createVault,
  replaceVault,
  deleteVault,
  commitVault,
  getChanges,
  listEntryVersions,
  createEntry,
  listEntries,
  getEntry,
  replaceEntry,
  deleteEntry,
  listSecurityEvents,
  listAuditEvents,
  livez,
  readyz,
  health,
];
