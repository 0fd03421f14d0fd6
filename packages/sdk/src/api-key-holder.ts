/** @file A client with nothing but an API key as an app calls it, as types. */
import type { ApiKeyScope } from './api-key-management.ts';
import type { CallOptions, VaultClientOptions } from './options.ts';
import type { Storage } from './storage.ts';
import type { Entries, SyncReport } from './vault-client.ts';
import type { VaultStatus } from './vault-management.ts';

/** What a client with an API key is made from. */
export interface ApiKeyClientOptions
  extends Pick<
    VaultClientOptions,
    'baseUrl' | 'allowInsecureHttp' | 'realm' | 'fetch' | 'timeoutMs' | 'now'
  > {
  /** The whole key, `zkv_…`. Only its credential is sent; the key half opens the vaults here. */
  readonly apiKey: string;
  /** Where pins and the sealed cache live; the memory of this process if left out. */
  readonly storage?: Storage;
}

/**
 * The vaults of one API key, opened.
 *
 * They are verified as those of a logged-in client are, with the grant in the place of the account state: it
 * was sealed when the key was made, and says which vaults there are, their epoch and a commit to begin from.
 * What a key cannot notice is what the account state alone would tell: vaults that were made later, and,
 * without pins in a storage (`freshness: 'unanchored'`), a complete old copy of a vault that is not older than
 * the key itself.
 */
export interface ApiKeyClient {
  readonly keyId: string;
  readonly accountId: string;
  /** What the key may do, as whoever made it has sealed. */
  readonly scopes: readonly ApiKeyScope[];
  /**
   * As those of a logged-in client. A change without the scope `entries:write` is an AuthError
   * `insufficient-scope`, and is not sent.
   */
  readonly entries: Entries;
  /** As `VaultClient.sync`. */
  sync(options?: CallOptions): Promise<SyncReport>;
  /** What is known here and now of each vault; makes no request. */
  status(): Promise<readonly VaultStatus[]>;
  /** As `VaultClient.resumeAfterIntegrityFailure`. */
  resumeAfterIntegrityFailure(): void;
  /** Wipes the keys. Calls under way, and later ones, reject with LockedError. */
  close(): void;
}
