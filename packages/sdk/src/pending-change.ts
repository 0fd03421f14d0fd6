/**
 * @file What a change of the account's keys would make of it, kept from before it is sent until it is known to
 * be done: if the answer is lost, what the server has may open with nothing else. It is sealed as the stored
 * account is, and believed as little.
 */
import { encodeBase64Url, ProtocolError, type SecretKey, secretKeyFromBytes } from '@zkvault/crypto-core';
import { decodeDocument, encodeDocument, exactly, hash } from './sealed-json.ts';
import type { Storage } from './storage.ts';
import type { AccountStorageKeys } from './storage-keys.ts';
import { readAccount, type StoredAccount } from './stored-account.ts';

/** A change without an answer. */
export interface PendingChange {
  readonly account: StoredAccount;
  /** Mixed into its password; null for a password-only account. The caller wipes it. */
  readonly secretKey: SecretKey | null;
}

const readPending = exactly('pending change', {
  account: readAccount,
  secretKey: (value) => (value === null ? null : secretKeyFromBytes(hash(value))),
});

/** The change that waits, or undefined; a record that is none is as good as absent. */
export async function readPendingChange(storage: Storage, key: string): Promise<PendingChange | undefined> {
  const bytes = await storage.get(key);
  if (bytes === undefined) return undefined;
  try {
    return decodeDocument(bytes, 'pending change', readPending);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Keeps a change that is about to be sent. */
export async function writePendingChange(
  storage: Storage,
  key: string,
  { account, secretKey }: PendingChange,
): Promise<void> {
  const text = secretKey === null ? null : encodeBase64Url(secretKey);
  await storage.set(key, encodeDocument({ account, secretKey: text }));
}

/** Forgets a change that was done, or that never can be any more, because the account has moved on. */
export async function settlePendingChange(
  storage: Storage,
  key: string,
  present: StoredAccount,
): Promise<void> {
  const pending = await readPendingChange(storage, key);
  if (pending === undefined) return await storage.delete(key);
  if (present.accountState.seq >= pending.account.accountState.seq) await storage.delete(key);
}

/**
 * The Secret Key for a password with this salt: that of the change that waits if the salt is its own, else the
 * one that is stored. A server that lies about the salt chooses between two keys of the user's own.
 *
 * @param salt untrusted.
 * @throws {ProtocolError} `secret-key-invalid`: the stored one is none.
 */
export async function secretKeyFor(
  storage: Storage,
  keys: AccountStorageKeys,
  salt: string,
): Promise<SecretKey | undefined> {
  const pending = await readPendingChange(storage, keys.pending);
  if (pending !== undefined && pending.account.salt === salt) return pending.secretKey ?? undefined;
  const stored = await storage.get(keys.secretKey);
  if (stored === undefined) return undefined;
  if (stored.length !== 32) throw new ProtocolError('secret-key-invalid', 'the stored Secret Key is none');
  return secretKeyFromBytes(stored);
}

/** True if two envelopes are the same bytes. */
export function isSameEnvelope(
  left: Readonly<Record<'ciphertext' | 'iv' | 'tag', string>>,
  right: Readonly<Record<'ciphertext' | 'iv' | 'tag', string>>,
): boolean {
  return left.ciphertext === right.ciphertext && left.iv === right.iv && left.tag === right.tag;
}

/** True if an account is to the byte what another is. */
export function isSameAccount(left: StoredAccount, right: StoredAccount): boolean {
  return (
    left.accountId === right.accountId &&
    left.salt === right.salt &&
    left.profile === right.profile &&
    left.akEpoch === right.akEpoch &&
    left.accountState.seq === right.accountState.seq &&
    isSameEnvelope(left.wrap, right.wrap) &&
    isSameEnvelope(left.accountState, right.accountState) &&
    left.vaults.length === right.vaults.length &&
    left.vaults.every((vault) =>
      right.vaults.some((other) => other.id === vault.id && isSameEnvelope(other.wrap, vault.wrap)),
    )
  );
}
