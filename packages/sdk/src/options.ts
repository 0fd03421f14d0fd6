/** @file What a caller may choose, for a client and for one call. */
import type { Kdf, KdfProfileId, PasswordPolicy } from '@zkvault/crypto-core';
import type { Storage } from './storage.ts';

/** The part of WHATWG fetch that a client uses; `globalThis.fetch` fits. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a client is made from. Only `baseUrl` and `storage` are needed. */
export interface VaultClientOptions {
  /** The server, `https:`; `http:` only on the loopback. No URL is ever taken from a response. */
  readonly baseUrl: string;
  /** Lets `baseUrl` be `http:` elsewhere, say between containers. Whoever listens can then use the session. */
  readonly allowInsecureHttp?: boolean;
  /** Where session, pins, Secret Key and the sealed cache live. */
  readonly storage: Storage;
  /** Name of the deployment, part of every key and place; the host (with port) of `baseUrl` by default. */
  readonly realm?: string;
  /** The password hash; `portableKdf` by default, `nativeKdf` of `@zkvault/sdk/node` is faster. */
  readonly kdf?: Kdf;
  /** `globalThis.fetch` by default. */
  readonly fetch?: Fetch;
  /** KDF profiles this client takes; `[1, 3]` by default. 2 (PBKDF2) only where Argon2id cannot run. */
  readonly allowedProfiles?: readonly KdfProfileId[];
  /** How long one request may take, answer included; 30,000 by default. */
  readonly timeoutMs?: number;
  /** How this device is called in the list of sessions, 1 to 100 characters. */
  readonly deviceName?: string;
  /** What a new password must fulfil; `defaultPasswordPolicy` by default. */
  readonly passwordPolicy?: PasswordPolicy;
  /** Milliseconds since the epoch; `Date.now` by default. */
  readonly now?: () => number;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. A write may have happened all the same. */
  readonly signal?: AbortSignal;
  /** How long one request of this call may take; the client's `timeoutMs` by default. */
  readonly timeoutMs?: number;
}

/** What a change of one entry takes beside {@link CallOptions}. */
export interface ChangeOptions extends CallOptions {
  /** The `version` the change was made from; if the entry has another by now, the call is a ConflictError. */
  readonly baseVersion?: number;
}

/** What `entries.createMany` takes beside {@link CallOptions}. */
export interface CreateManyOptions extends CallOptions {
  /** Called after each commit, with how many of the drafts are saved. */
  readonly onProgress?: (progress: { readonly saved: number; readonly total: number }) => void;
}

/** What `vaults.rotateKey` takes beside {@link CallOptions}. */
export interface RotateOptions extends CallOptions {
  /** Called as entries are staged; it may begin anew if other devices write meanwhile. */
  readonly onProgress?: (progress: { readonly staged: number; readonly total: number }) => void;
}
