/** @file The vaults of an unlocked account, as an app calls them. */
import { NotFoundError } from './errors.ts';
import { type RotationDeps, rotateVaultKey } from './rotation.ts';
import type { OpenVaults } from './sync.ts';
import type { VaultManagement } from './vault-management.ts';
import type { VaultSync } from './vault-sync.ts';

/** What the vaults of a session work with. */
export interface VaultsDeps extends RotationDeps {
  readonly vaults: OpenVaults;
  readonly all: readonly VaultSync[];
}

/** Makes the vaults of one session. */
export function makeVaultManagement(deps: VaultsDeps): VaultManagement {
  const { session, vaults, all } = deps;
  return {
    rotateKey: (vaultId, options = {}) =>
      session.run(() =>
        vaults.exclusively(async () => {
          await vaults.loadCaches();
          const vault = vaultId === undefined ? vaults.home() : all.find(({ id }) => id === vaultId);
          if (vault === undefined)
            throw new NotFoundError('vault-not-found', 'the account has no such vault with manifests');
          await rotateVaultKey(deps, vault, options);
        }),
      ),
  };
}
