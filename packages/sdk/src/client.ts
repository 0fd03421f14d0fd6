/** @file The factory of clients. */
import { logout as logoutRoute } from '@zkvault/contract';
import { encodeSecretKey, IntegrityError, secretKeyFromBytes, wipe } from '@zkvault/crypto-core';
import { makeAccountManagement } from './account.ts';
import { makeApiKeyManagement } from './api-keys.ts';
import { deviceIdOf } from './device.ts';
import { emergencyKitText } from './emergency-kit.ts';
import { LockedError } from './errors.ts';
import { makeOpenClient, type OpenClient } from './open-client.ts';
import type { CallOptions, VaultClientOptions } from './options.ts';
import { recoverAccount } from './recovery.ts';
import { makeRecoveryManagement } from './recovery-key-changes.ts';
import { registerAccount } from './registration.ts';
import { assertSecondFactor, makeSecondFactorManagement } from './second-factor.ts';
import { makeServerAdministration } from './server-administration.ts';
import { makeSessionManagement } from './sessions.ts';
import { type Settings, settingsOf } from './settings.ts';
import { type LoggedIn, logIn, type SignedIn, unlockAccount } from './sign-in.ts';
import { accountStorageKeys } from './storage-keys.ts';
import {
  forgetAccountOf,
  forgetLogin,
  readCurrentAccount,
  readCurrentLogin,
  storeLogin,
} from './stored-session.ts';
import { readRefreshToken, type TokenKeeper } from './tokens.ts';
import { makeTransport, type Transport } from './transport.ts';
import { makeUserAdministration } from './user-administration.ts';
import type { ClientStatus, Entries, VaultClient } from './vault-client.ts';
import { watchVaults } from './watch.ts';

/**
 * Makes a client. Does no I/O and never throws: a wrong option is reported by the first call.
 *
 * @returns a client that is logged out, or locked if the storage has a session.
 */
export function createVaultClient(options: VaultClientOptions): VaultClient {
  let made: { readonly settings: Settings; readonly transport: Transport } | undefined;
  let open: OpenClient | undefined;
  // Outlives a lock: a renewal under way then still keeps its tokens, or the stored ones would be spent.
  let tokens: TokenKeeper | undefined;
  let locks = 0;

  function setUp() {
    if (made === undefined) {
      const settings = settingsOf(options);
      made = { settings, transport: makeTransport(settings) };
    }
    return made;
  }

  function leave(): void {
    open?.session.lock();
    open = undefined;
  }

  function lock(): void {
    locks += 1;
    leave();
  }

  /**
   * Lets a new session take the place of the old one, which is wiped.
   *
   * @param locksBefore how often the client had been locked when the call began: a lock ends it too.
   */
  async function enter(signedIn: SignedIn, locksBefore: number, callOptions: CallOptions): Promise<void> {
    const { settings, transport } = setUp();
    const deviceId = await deviceIdOf(settings.storage);
    if (locks !== locksBefore || callOptions.signal?.aborted === true) {
      signedIn.session.lock();
      callOptions.signal?.throwIfAborted();
      throw new LockedError();
    }
    leave();
    open = makeOpenClient(settings, transport, signedIn, deviceId);
    tokens = open.tokens;
  }

  /** Goes on with an account whose keys were changed. */
  async function replace(signedIn: SignedIn): Promise<void> {
    const before = open?.session.account.login;
    // Its tokens lie elsewhere by now.
    if (signedIn.account.login !== before) tokens?.close();
    await enter(signedIn, locks, {});
  }

  /** A server caught at a login or a recovery is the one that a session open by now talks to. */
  function halt(error: unknown): never {
    if (error instanceof IntegrityError) open?.gate.shut(error);
    throw error;
  }

  async function enterLogin(loggedIn: LoggedIn, locksBefore: number, callOptions: CallOptions) {
    try {
      tokens?.close();
      await storeLogin(setUp().settings, loggedIn);
    } catch (error) {
      loggedIn.session.lock();
      throw error;
    } finally {
      if (loggedIn.secretKey !== undefined) wipe(loggedIn.secretKey);
    }
    await enter(loggedIn, locksBefore, callOptions);
  }

  async function opened(): Promise<OpenClient> {
    if (open !== undefined) return open;
    const account = await readCurrentAccount(setUp().settings);
    throw new LockedError(account === undefined ? 'logged-out' : 'locked');
  }

  function openedNow(): OpenClient {
    if (open === undefined) throw new LockedError();
    return open;
  }

  async function forgetAccount(): Promise<void> {
    lock();
    tokens?.close();
    await forgetAccountOf(setUp().settings);
  }

  /** Wipes the keys, and everything of the session that this device has; pins and Secret Key stay. */
  async function leaveSession(): Promise<void> {
    lock();
    tokens?.close();
    await forgetLogin(setUp().settings);
  }

  const changes = { settings: () => setUp().settings, opened, replace };

  const entries: Entries = {
    list: async (callOptions) => (await opened()).entries.list(callOptions),
    get: async (id, callOptions) => (await opened()).entries.get(id, callOptions),
    create: async (draft, callOptions) => (await opened()).entries.create(draft, callOptions),
    createMany: async (drafts, callOptions) => (await opened()).entries.createMany(drafts, callOptions),
    update: async (id, change, callOptions) => (await opened()).entries.update(id, change, callOptions),
    delete: async (id, callOptions) => (await opened()).entries.delete(id, callOptions),
    history: async (id, callOptions) => (await opened()).entries.history(id, callOptions),
    restore: async (id, version, callOptions) => (await opened()).entries.restore(id, version, callOptions),
  };

  return {
    async register(registration, callOptions = {}) {
      const { settings, transport } = setUp();
      return registerAccount(settings, transport, registration, callOptions);
    },
    async login(credentials, callOptions = {}) {
      const { settings, transport } = setUp();
      const locksBefore = locks;
      if (credentials.secondFactor !== undefined) assertSecondFactor(credentials.secondFactor);
      const loggedIn = await logIn(settings, transport, credentials, callOptions).catch(halt);
      await enterLogin(loggedIn, locksBefore, callOptions);
      return { lastSecurityViolationAt: loggedIn.lastSecurityViolationAt };
    },
    async recover(request, callOptions = {}) {
      const { settings, transport } = setUp();
      const locksBefore = locks;
      const { loggedIn, shown } = await recoverAccount(settings, transport, request, callOptions).catch(halt);
      await enterLogin(loggedIn, locksBefore, callOptions);
      return { ...shown, lastSecurityViolationAt: loggedIn.lastSecurityViolationAt };
    },
    async unlock(secret, callOptions = {}) {
      const { settings } = setUp();
      const locksBefore = locks;
      const account = await readCurrentAccount(settings);
      if (account === undefined) throw new LockedError('logged-out');
      await enter(await unlockAccount(settings, account, secret), locksBefore, callOptions);
    },
    exportUnlockKey: () => openedNow().session.exportUnlockKey(),
    async emergencyKit() {
      const { settings } = setUp();
      const { session } = await opened();
      const { storage, realm, baseUrl } = settings;
      const { login } = session.account;
      const stored = await storage.get(accountStorageKeys(realm, login).secretKey);
      session.assertUnlocked();
      if (stored === undefined) return null;
      const secretKey = encodeSecretKey(secretKeyFromBytes(stored));
      return emergencyKitText({ login, baseUrl, realm, secretKey, atMs: settings.now() });
    },
    lock,
    async logout(callOptions = {}) {
      const { settings, transport } = setUp();
      const { storage, realm } = settings;
      lock();
      tokens?.close();
      const login = await readCurrentLogin(settings);
      if (login === undefined) return;
      const refreshToken = await readRefreshToken(storage, accountStorageKeys(realm, login).tokens);
      await forgetLogin(settings);
      if (refreshToken === undefined) return;
      await transport.call(logoutRoute, { body: { refreshToken } }, { ...callOptions, idempotent: true });
    },
    async status(): Promise<ClientStatus> {
      const { settings } = setUp();
      const { baseUrl } = settings;
      const account = await readCurrentAccount(settings);
      if (account === undefined) return { state: 'logged-out', baseUrl, vaults: [] };
      const { login, accountId } = account;
      if (open === undefined) return { state: 'locked', baseUrl, login, accountId, vaults: [] };
      const { vaults, pins } = open;
      try {
        const present = vaults.status(await pins.read(), settings.now());
        return { state: 'unlocked', baseUrl, login, accountId, vaults: present };
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
        return { state: 'locked', baseUrl, login, accountId, vaults: [] };
      }
    },
    async sync(callOptions = {}) {
      const { session, vaults } = await opened();
      return session.run(() => vaults.sync(callOptions));
    },
    watch: async (watchOptions) => watchVaults(await opened(), watchOptions),
    resumeAfterIntegrityFailure: () => openedNow().gate.reopen(),
    entries,
    vaults: {
      rotateKey: async (vaultId, callOptions) => (await opened()).management.rotateKey(vaultId, callOptions),
    },
    sessions: makeSessionManagement({ opened, forget: leaveSession }),
    users: makeUserAdministration(opened),
    server: makeServerAdministration(opened),
    account: makeAccountManagement({ ...changes, forget: forgetAccount }),
    recovery: makeRecoveryManagement(changes),
    apiKeys: makeApiKeyManagement(changes),
    secondFactor: makeSecondFactorManagement({ settings: () => setUp().settings, opened }),
  };
}
