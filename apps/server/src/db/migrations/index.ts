/** The migrations in their order, written by hand so that nothing is found by accident. */
import type { Migration } from 'kysely/migration';
import * as createAccounts from './0001_create_accounts.ts';
import * as createVaults from './0002_create_vaults.ts';
import * as createAdministration from './0003_create_administration.ts';
import * as createSecondFactors from './0004_create_second_factors.ts';
import * as createAudit from './0005_create_audit.ts';

export const migrations: Record<string, Migration> = {
  '0001_create_accounts': createAccounts,
  '0002_create_vaults': createVaults,
  '0003_create_administration': createAdministration,
  '0004_create_second_factors': createSecondFactors,
  '0005_create_audit': createAudit,
};
