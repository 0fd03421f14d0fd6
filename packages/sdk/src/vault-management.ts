/** @file What an app can do with whole vaults, as types. */
import type { RotateOptions } from './options.ts';

/**
 * How a state was checked. `unanchored`: this device had no memory of the vault, so it was checked
 * against the account state's checkpoint alone, and a complete old copy of account and vault could
 * not be told from the present one. `pinned`: it follows the newest state this device ever verified.
 */
export type Freshness = 'unanchored' | 'pinned';

/** One vault of an unlocked client. */
export interface VaultStatus {
  readonly id: string;
  /** Number of the newest verified commit; null before the first sync on this device. */
  readonly seq: number | null;
  /** How many entries it has; null before the first sync on this device. */
  readonly entryCount: number | null;
  readonly freshness: Freshness;
  /** RFC 3339, UTC, by this device's clock; a server can freeze a vault, so show it. Null before the first sync. */
  readonly lastVerifiedAt: string | null;
  /** RFC 3339, UTC, by the clock of the device that wrote it: when the newest verified commit was made. */
  readonly lastCommitAt: string | null;
  /**
   * True if that is more than 7 days ago by this device's clock. Either nobody wrote, or the server keeps news
   * from this device, which nothing can prove: compare with another device, or write something.
   */
  readonly stale: boolean;
  /** False while a write that the server says it took was not read back: the next sync finds out. */
  readonly durable: boolean;
  /** Ids of the entries written since the last sync of this session, deleted ones included. */
  readonly unconfirmed: readonly string[];
}

/** The vaults of the unlocked account. Every call may throw what `entries` may. */
export interface VaultManagement {
  /**
   * Gives a vault a new key: every entry is sealed anew, and the server forgets what was sealed under the old
   * key, that is deletions and the earlier versions of entries (`entries.history` begins anew). Other
   * devices are asked to log in again (VaultRotatedError). Until the new key is verified the old one is used.
   * A call that broke off can be made again, on this device or another one.
   *
   * @param vaultId the vault that new entries go to, if left out.
   * @throws {RotationIncompleteError} the server did not do what it said, or cannot be asked now; try again.
   * @throws {VaultRotatedError} another device was first: log in again.
   * @throws {ConflictError} other devices wrote three times meanwhile: try again; `account-state-stale`: another
   *   device has changed the account state since the login: log in again.
   * @throws {NotFoundError} `vault-not-found`: the account has no such vault.
   */
  rotateKey(vaultId?: string, options?: RotateOptions): Promise<void>;
}
