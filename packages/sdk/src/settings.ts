/** @file Options made sure of: defaults filled in, and what is wrong kept for the first call to say. */
import {
  type Kdf,
  type KdfProfileId,
  type PasswordPolicy,
  parseKdfProfile,
  portableKdf,
} from '@zkvault/crypto-core';
import { TransportError } from './errors.ts';
import type { Fetch, VaultClientOptions } from './options.ts';
import type { Storage } from './storage.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 2_147_483_647;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What a client works with. */
export interface Settings {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly realm: string;
  readonly storage: Storage;
  readonly kdf: Kdf;
  readonly fetch: Fetch;
  readonly allowedProfiles: readonly KdfProfileId[];
  readonly timeoutMs: number;
  readonly deviceName: string;
  /** `defaultPasswordPolicy` if undefined; looked up only when a password is set. */
  readonly passwordPolicy: PasswordPolicy | undefined;
  readonly now: () => number;
}

/**
 * Checks options.
 *
 * @throws {TransportError} `invalid-base-url`. @throws {RangeError} another option is out of bounds.
 * @throws {KdfPolicyError} a profile that does not exist.
 */
export function settingsOf(options: VaultClientOptions): Settings {
  const url = parseBaseUrl(options.baseUrl, options.allowInsecureHttp === true);
  const allowedProfiles = (options.allowedProfiles ?? [1, 3]).map(parseKdfProfile);
  if (allowedProfiles.length === 0) throw new RangeError('allowedProfiles must not be empty');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  assertTimeout(timeoutMs);
  const deviceName = options.deviceName ?? 'zkvault client';
  if (!/^[^\u0000-\u001f\u007f]{1,100}$/.test(deviceName) || !deviceName.isWellFormed())
    throw new RangeError('deviceName must be 1 to 100 characters without control characters');
  const realm = options.realm ?? url.host;
  if (realm.length === 0 || !realm.isWellFormed()) throw new RangeError('realm must be well-formed text');
  return {
    baseUrl: `${url.origin}${withoutSlashAtEnd(url.pathname)}`,
    realm,
    storage: options.storage,
    kdf: options.kdf ?? portableKdf,
    // Called as a function of no object: browsers refuse a fetch whose `this` is another one.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    allowedProfiles,
    timeoutMs,
    deviceName,
    passwordPolicy: options.passwordPolicy,
    now: options.now ?? Date.now,
  };
}

/** @throws {RangeError} a timeout no timer can have. */
export function assertTimeout(timeoutMs: number): void {
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS)
    throw new RangeError(`timeoutMs must be an integer from 1 to ${MAX_TIMEOUT_MS}, got ${timeoutMs}`);
}

function parseBaseUrl(text: string, allowInsecureHttp: boolean): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (url === null) throw invalidBaseUrl('is not a URL');
  if (url.username !== '' || url.password !== '') throw invalidBaseUrl('must not have credentials');
  if (url.search !== '' || url.hash !== '') throw invalidBaseUrl('must not have a query or fragment');
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && (allowInsecureHttp || LOOPBACK.has(url.hostname))) return url;
  throw invalidBaseUrl('must be https: (http: only for this machine, or with allowInsecureHttp)');
}

function invalidBaseUrl(why: string): TransportError {
  return new TransportError('invalid-base-url', `baseUrl ${why}`);
}

function withoutSlashAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
