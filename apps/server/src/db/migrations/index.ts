/** The migrations in their order, written by hand so that nothing is found by accident. */
import type { Migration } from 'kysely/migration';
import * as createAccounts from './0001_create_accounts.ts';
import * as createVaults from './0002_create_vaults.ts';
import * as createAdministration from './0003_create_administration.ts';
import * as createSecondFactors from './0004_create_second_factors.ts';
import * as createAudit from './0005_create_audit.ts';
import * as createApiKeys from './0006_create_api_keys.ts';
import * as createRecovery from './0007_create_recovery.ts';
import * as createVaultRotations from './0008_create_vault_rotations.ts';
import * as createLive from './0009_create_live.ts';
import * as extendAdministration from './0010_extend_administration.ts';
import * as recordRecoveryCodeKeys from './0011_record_recovery_code_keys.ts';
import * as foldChecks from './0012_fold_checks.ts';
import * as tellVaultsLater from './0013_tell_vaults_later.ts';
import * as proveClaims from './0014_prove_claims.ts';

export const migrations: Record<string, Migration> = {
  '0001_create_accounts': createAccounts,
  '0002_create_vaults': createVaults,
  '0003_create_administration': createAdministration,
  '0004_create_second_factors': createSecondFactors,
  '0005_create_audit': createAudit,
  '0006_create_api_keys': createApiKeys,
  '0007_create_recovery': createRecovery,
  '0008_create_vault_rotations': createVaultRotations,
  '0009_create_live': createLive,
  '0010_extend_administration': extendAdministration,
  '0011_record_recovery_code_keys': recordRecoveryCodeKeys,
  '0012_fold_checks': foldChecks,
  '0013_tell_vaults_later': tellVaultsLater,
  '0014_prove_claims': proveClaims,
};
