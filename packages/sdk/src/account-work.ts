/** @file The single steps of a change of an account's keys; see [Note: Changes converge] in account-change.ts. */
import { getKeyMaterial } from '@zkvault/contract';
import { encodeBase64Url, ProtocolError, type SecretKey, wipe } from '@zkvault/crypto-core';
import { openAccount } from './account-opening.ts';
import { AuthError, LockedError, RotationIncompleteError, TransportError } from './errors.ts';
import type { KeyedAccount, NextAccount, OpenedAccount } from './keyed-account.ts';
import type { OpenClient } from './open-client.ts';
import type { CallOptions } from './options.ts';
import {
  isSameAccount,
  isSameEnvelope,
  readPendingChange,
  secretKeyFor,
  settlePendingChange,
  writePendingChange,
} from './pending-change.ts';
import type { Settings } from './settings.ts';
import { openFollowing, raisePins, type SignedIn, stretchStored } from './sign-in.ts';
import { accountStorageKeys } from './storage-keys.ts';
import { accountFromAnswer, type StoredAccount, writeStoredAccount } from './stored-account.ts';
import {
  dropPreparedLogin,
  moveStoredLogin,
  prepareStoredLogin,
  readCurrentAccount,
} from './stored-session.ts';

/** The steps of one change. */
export interface AccountWork {
  /** Opens the stored account. @throws {UnlockError} @throws {LockedError} `logged-out`. */
  openStored(password: string): Promise<OpenedAccount>;
  /**
   * Finds out what became of a change whose answer was lost, and opens what the server has by now.
   *
   * @returns `isNext` if it opened by the next password and not by the present one.
   */
  settleFormer(
    from: OpenedAccount,
    nextPassword: string,
  ): Promise<{ readonly from: OpenedAccount; readonly isNext: boolean }>;
  /** Opens what the server has now, by the same password, and keeps it. @throws {IntegrityError} */
  openPresent(from: OpenedAccount): Promise<OpenedAccount>;
  /** Sends a change. @returns what it failed with; undefined if the server says that it is done. */
  send(from: OpenedAccount, next: NextAccount): Promise<unknown>;
  /**
   * Reads back what was sent.
   *
   * @param lost what stood in place of an answer.
   * @throws {RotationIncompleteError} the server has something else. @throws `lost`, if it has.
   */
  confirm(next: NextAccount, lost: TransportError | undefined): Promise<KeyedAccount>;
  /** Forgets a change that was refused. */
  forgetPending(from: OpenedAccount, next: NextAccount): Promise<void>;
  /** Checks an account once more, stores it and only then remembers it. */
  adopt(done: KeyedAccount): Promise<SignedIn>;
}

/** Makes the steps of one change by an unlocked client. */
export function makeAccountWork(settings: Settings, client: OpenClient, options: CallOptions): AccountWork {
  const { storage, realm } = settings;
  const { login, accountId } = client.session.account;
  const storageKeys = accountStorageKeys(realm, login);
  const readPending = () => readPendingChange(storage, storageKeys.pending);

  /** Reads what the server has, by the key of a password. */
  async function read(of: KeyedAccount): Promise<StoredAccount> {
    const body = { authKey: encodeBase64Url(of.keys.authKey) };
    const answer = await client.calls.send(getKeyMaterial, { body }, { ...options, idempotent: true });
    const { login: name, skFlag, salt, profile } = of.account;
    const present = accountFromAnswer(answer, { login: name, skFlag });
    if (present.accountId !== accountId || present.salt !== salt || present.profile !== profile)
      throw new ProtocolError('response-malformed', 'the answer contradicts the key that was proven');
    return present;
  }

  async function open(account: StoredAccount, password: string): Promise<OpenedAccount> {
    const keys = await stretchStored(settings, account, password);
    try {
      const session = await openAccount(realm, account, keys);
      const secretKey = await secretKeyFor(storage, storageKeys, account.salt);
      return { account, keys, secretKey, session };
    } catch (error) {
      wipe(keys.authKey, keys.wrappingKey);
      throw error;
    }
  }

  async function openPresent(from: OpenedAccount): Promise<OpenedAccount> {
    const present = await read(from);
    // What this device wrote itself is taken from here, whole, whatever the server has made of it.
    const own = (await readPending())?.account;
    const isOwn = own !== undefined && isSameEnvelope(own.accountState, present.accountState);
    const account = isOwn ? own : present;
    const { session, pins } = await openFollowing(settings, storageKeys, account, from.keys);
    await writeStoredAccount(storage, storageKeys.account, account);
    await raisePins(pins, account);
    const { keys, secretKey } = copyOf(from);
    return { account, keys, secretKey, session };
  }

  return {
    openPresent,
    async openStored(password) {
      const account = await readCurrentAccount(settings);
      // Another process may have logged in as somebody else; that account is not to be changed.
      if (account?.accountId !== accountId) throw new LockedError('logged-out');
      return open(account, password);
    },
    async settleFormer(from, nextPassword) {
      const pending = await readPending();
      if (pending === undefined) return { from, isNext: false };
      if (pending.secretKey !== null) wipe(pending.secretKey);
      try {
        const present = await read(from);
        const isDone = present.accountState.seq >= pending.account.accountState.seq;
        return { from: isDone ? await openPresent(from) : from, isNext: false };
      } catch (error) {
        if (!isWrongKey(error)) throw error;
        const next = await open(pending.account, nextPassword).catch(() => {
          throw error;
        });
        const present = await read(next);
        if (isSameEnvelope(present.accountState, pending.account.accountState))
          return { from: next, isNext: true };
        throw error;
      }
    },
    async send(from, next) {
      const { account, secretKey } = next;
      await prepareStoredLogin(settings, storageKeys, account);
      await writePendingChange(storage, storageKeys.pending, { account, secretKey: secretKey ?? null });
      try {
        await next.send(client, encodeBase64Url(from.keys.authKey));
        return undefined;
      } catch (error) {
        return error;
      }
    },
    async confirm(next, lost) {
      const incomplete = lost ?? new RotationIncompleteError('the server has not what it says it took');
      const present = await read(next).catch((error: unknown) => {
        if (isWrongKey(error)) throw incomplete;
        throw lost !== undefined && error instanceof TransportError ? lost : error;
      });
      if (isSameAccount(present, next.account)) return next;
      // Another device may have written on top of it by now; `adopt` sees whether that holds.
      if (present.accountState.seq > next.account.accountState.seq)
        return { ...copyOf(next), account: present };
      throw incomplete;
    },
    async forgetPending(from, next) {
      await storage.delete(storageKeys.pending);
      if (next.account.login !== from.account.login) await dropPreparedLogin(settings, next.account);
    },
    async adopt({ account, keys, secretKey }) {
      const own = accountStorageKeys(realm, account.login);
      const { session, pins } = await openFollowing(settings, own, account, keys);
      try {
        if (account.login === login) await writeStoredAccount(storage, own.account, account);
        else await moveStoredLogin(settings, storageKeys, account);
        await raisePins(pins, account);
        if (secretKey !== undefined) await storage.set(own.secretKey, secretKey);
        await settlePendingChange(storage, storageKeys.pending, account);
      } catch (error) {
        session.lock();
        throw error;
      }
      return { session, account, pins };
    },
  };
}

function isWrongKey(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'current-key-wrong';
}

function copyOf({ account, keys, secretKey }: KeyedAccount): KeyedAccount {
  return {
    account,
    keys: {
      authKey: keys.authKey.slice(),
      wrappingKey: keys.wrappingKey.slice() as typeof keys.wrappingKey,
    },
    secretKey: secretKey?.slice() as SecretKey | undefined,
  };
}
