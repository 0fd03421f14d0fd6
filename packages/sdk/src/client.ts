/** @file The factory of clients. */
import type { VaultClientOptions } from './options.ts';
import type { VaultClient } from './vault-client.ts';

/**
 * Makes a client. Does no I/O and never throws: a wrong option is reported by the first call.
 *
 * @returns a client that is logged out, or locked if the storage has a session.
 */
export declare function createVaultClient(options: VaultClientOptions): VaultClient;
