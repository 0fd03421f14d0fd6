/** @file The names under which things are stored; see [Note: Storage keys] in storage.ts. */
import { bytesToHex, encodeFields, sha256 } from '@zkvault/crypto-core';

/** The id of this device. */
export const DEVICE_KEY = 'zkv1.device';

/** Where the login of the current account of a realm is kept. */
export function currentLoginKey(realm: string): string {
  return `zkv1.${digest('zkv/1/storage/realm', realm)}.current`;
}

/** Where the things of one account are kept. */
export interface AccountStorageKeys {
  readonly secretKey: string;
  readonly pins: string;
  readonly account: string;
  readonly tokens: string;
  readonly pending: string;
  /** Part `index` of a vault's cache: 0 the base, from 1 on what changed since. */
  cachePart(vaultId: string, index: number): string;
  /** A rotation of a vault's key that is under way. */
  rotation(vaultId: string): string;
}

/** The keys of one account. @param login canonical. */
export function accountStorageKeys(realm: string, login: string): AccountStorageKeys {
  const prefix = `zkv1.${digest('zkv/1/storage/account', realm, login)}`;
  return {
    secretKey: `${prefix}.secret-key`,
    pins: `${prefix}.pins`,
    account: `${prefix}.account`,
    tokens: `${prefix}.tokens`,
    pending: `${prefix}.pending`,
    cachePart: (vaultId, index) => `${prefix}.cache.${vaultId}.${index}`,
    rotation: (vaultId) => `${prefix}.rotation.${vaultId}`,
  };
}

/** Where the things of one API key are kept. */
export function apiKeyStorageKeys(
  realm: string,
  keyId: string,
): Pick<AccountStorageKeys, 'pins' | 'cachePart'> {
  const prefix = `zkv1.${digest('zkv/1/storage/apikey', realm, keyId)}`;
  return {
    pins: `${prefix}.pins`,
    cachePart: (vaultId, index) => `${prefix}.cache.${vaultId}.${index}`,
  };
}

function digest(...fields: readonly string[]): string {
  return bytesToHex(sha256(encodeFields(...fields)).subarray(0, 16));
}
