/** @file What a login leaves in storage so that an unlock needs no network: as sealed as it came. */
import { decode, type KeyMaterial, Sealed, Vault, Wrap } from '@zkvault/contract';
import { type KdfProfileId, ProtocolError, parseKdfProfile } from '@zkvault/crypto-core';
import {
  arrayOf,
  decodeDocument,
  encodeDocument,
  exactly,
  oneOf,
  ordinal,
  type Read,
  text,
  uuid,
} from './sealed-json.ts';
import type { Storage } from './storage.ts';

/** A vault as the server listed it at login. */
export interface StoredVault {
  readonly id: string;
  readonly integrity: 'manifest' | 'none';
  readonly role: 'owner';
  readonly vkEpoch: number;
  readonly wrap: Wrap;
}

/** Everything sealed that an unlock needs. Untrusted until it opens. */
export interface StoredAccount {
  readonly login: string;
  readonly accountId: string;
  readonly profile: KdfProfileId;
  /** Canonical base64url of 16 bytes. */
  readonly salt: string;
  /** 1 if a Secret Key was mixed in. */
  readonly skFlag: 0 | 1;
  readonly akEpoch: number;
  readonly wrap: Wrap;
  readonly accountState: Sealed;
  readonly vaults: readonly StoredVault[];
}

/**
 * Takes from a login's answer, or from key material read again, what an unlock needs.
 *
 * @param answer decoded, otherwise untrusted.
 * @throws {ProtocolError} `response-incomplete`: something is null that every account of the SDK has.
 */
export function accountFromAnswer(
  answer: KeyMaterial,
  used: Pick<StoredAccount, 'login' | 'skFlag'>,
): StoredAccount {
  const { accountId, profile, salt, akEpoch, wrap, accountState } = answer;
  if (akEpoch === null || wrap === null || accountState === null) throw incomplete();
  const vaults = answer.vaults.map(({ id, integrity, role, vkEpoch, wrap: vaultWrap, manifest }) => {
    if (vaultWrap === null || (integrity === 'manifest' && manifest === null)) throw incomplete();
    return { id, integrity, role, vkEpoch, wrap: vaultWrap };
  });
  return { ...used, accountId, profile, salt, akEpoch, wrap, accountState, vaults };
}

function incomplete(): ProtocolError {
  return new ProtocolError('response-incomplete', 'the answer lacks key material');
}

/** Reads the stored account, or undefined if there is none. @throws {ProtocolError} it is malformed. */
export async function readStoredAccount(storage: Storage, key: string): Promise<StoredAccount | undefined> {
  const bytes = await storage.get(key);
  return bytes === undefined ? undefined : decodeDocument(bytes, 'stored account', readAccount);
}

/** Stores the account. */
export async function writeStoredAccount(
  storage: Storage,
  key: string,
  account: StoredAccount,
): Promise<void> {
  await storage.set(key, encodeDocument(account));
}

const wrapField = (value: unknown): Wrap => decode(Wrap, value);
const { properties } = Vault;

/** Reads a stored account. */
export const readAccount: Read<StoredAccount> = exactly('stored account', {
  login: text,
  accountId: uuid,
  profile: parseKdfProfile,
  salt: text,
  skFlag: oneOf('skFlag', [0, 1]),
  akEpoch: ordinal,
  wrap: wrapField,
  accountState: (value): Sealed => decode(Sealed, value),
  vaults: arrayOf(
    'vaults',
    exactly('vault', {
      id: uuid,
      integrity: (value) => decode(properties.integrity, value),
      role: (value) => decode(properties.role, value),
      vkEpoch: ordinal,
      wrap: wrapField,
    }),
  ),
});
