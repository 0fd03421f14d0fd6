/** @file What an app calls: the whole surface of a client, as types. */
import type { KdfProfileId } from '@zkvault/crypto-core';
import type { AccountManagement } from './account-management.ts';
import type { ApiKeyManagement } from './api-key-management.ts';
import type { Credentials, LoginReport } from './credentials.ts';
import type { Entry, EntryChange, EntryDraft } from './entry-kinds.ts';
import type { CallOptions, ChangeOptions, CreateManyOptions } from './options.ts';
import type { Recovered, RecoveryManagement, RecoveryRequest } from './recovery-management.ts';
import type { ServerAdministration } from './server-management.ts';
import type { SessionManagement } from './session-management.ts';
import type { UserAdministration } from './user-management.ts';
import type { Freshness, VaultManagement, VaultStatus } from './vault-management.ts';

/** A new account. */
export interface Registration {
  /** E-mail address or user name; the one name the account logs in with. */
  readonly login: string;
  /** 12 to 1024 bytes of UTF-8, and what the client's password policy asks. */
  readonly password: string;
  /** `generate` by default. `none` makes a password-only account: a stolen database can then be guessed at. */
  readonly secretKey?: 'generate' | 'none';
  /** For messages of the server; not a secret. */
  readonly email?: string;
  /** Not a secret. */
  readonly fullName?: string;
  /** `generate` makes a recovery key as well; `none` by default. It can be enrolled later. */
  readonly recovery?: 'generate' | 'none';
  /** What an administrator of the server gave; needed where registration is by invitation. A secret until it is used. */
  readonly invitation?: string;
  /** KDF profile; the first allowed one by default. */
  readonly profile?: KdfProfileId;
}

/** What a new account is given. */
export interface Registered {
  readonly accountId: string;
  /** `ZK1-…`, to be written down; null for a password-only account. Kept in storage for the login that follows. */
  readonly secretKey: string | null;
  /** Text to print; null for a password-only account. */
  readonly emergencyKit: string | null;
  /** `ZKR1-…`, given this once; null unless it was asked for. */
  readonly recoveryKey: string | null;
}

/** A second factor that waits to be confirmed. */
export interface SecondFactorSetup {
  /** The seed in base32, for an authenticator app; a secret. */
  readonly secret: string;
  /** The same as a URL, to be drawn as a QR code on this device and nowhere else. */
  readonly otpauthUrl: string;
}

/**
 * The second factor of the unlocked account. It is access control by the server: it keeps strangers from
 * logging in, and protects nothing from the server. Every call asks for the password again and may throw
 * LockedError, UnlockError (wrong password, nothing was sent) and AuthError (`current-key-wrong`: the password
 * was changed on another device, or was tried too often).
 */
export interface SecondFactorManagement {
  /**
   * Makes a seed, in place of one that waits already. Logins change only once it is confirmed.
   *
   * @throws {ConflictError} `second-factor-active`: disable the present one first.
   */
  setup(request: { readonly password: string }, options?: CallOptions): Promise<SecondFactorSetup>;

  /**
   * Confirms the seed with a one-time password of it. From now on every login needs a second factor.
   *
   * @returns ten codes, given this once.
   * @throws {AuthError} `second-factor-wrong`. @throws {ConflictError} `second-factor-active`.
   * @throws {RangeError} it has not six digits.
   */
  verify(
    request: { readonly password: string; readonly totp: string },
    options?: CallOptions,
  ): Promise<{ readonly recoveryCodes: readonly string[] }>;

  /**
   * Replaces the recovery codes; the former ones are worth nothing then.
   *
   * @throws {ConflictError} `second-factor-inactive`: there is no second factor.
   */
  renewRecoveryCodes(
    request: { readonly password: string },
    options?: CallOptions,
  ): Promise<{ readonly recoveryCodes: readonly string[] }>;

  /** Does without a second factor again. Idempotent. */
  disable(request: { readonly password: string }, options?: CallOptions): Promise<void>;
}

/** How to unlock: the password, or what `exportUnlockKey` gave. */
export type UnlockSecret =
  | { readonly password: string }
  | {
      /** 32 bytes; copied, stays the caller's. */
      readonly unlockKey: Uint8Array;
    };

/** What a client knows without asking anybody. */
export interface ClientStatus {
  readonly state: 'logged-out' | 'locked' | 'unlocked';
  readonly baseUrl: string;
  readonly login?: string;
  readonly accountId?: string;
  /** Empty unless unlocked. */
  readonly vaults: readonly VaultStatus[];
}

/** What a sync brought, over all vaults. */
export interface SyncReport {
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  /** Number of the newest verified commit of the first vault. */
  readonly seq: number;
  /** `unanchored` if one vault is. */
  readonly freshness: Freshness;
}

/** What `watch` takes beside {@link CallOptions}. */
export interface WatchOptions extends CallOptions {
  /** Called after the first sync and after each that brought something, and awaited. What it throws ends the watch. */
  readonly onChange: (report: SyncReport) => void | Promise<void>;
}

/**
 * Entries of the unlocked account. Every call may throw LockedError (unlock), IntegrityError,
 * RollbackError or ForkError (the server lies: nothing is shown and nothing sent any more),
 * ProtocolError (the answer is none), AuthError (log in), RateLimitError and TransportError (later).
 */
export interface Entries {
  /**
   * All entries, sorted by title then id. Syncs on first use; without a network it gives the
   * verified cache, if there is one.
   */
  list(options?: CallOptions): Promise<readonly Entry[]>;

  /**
   * One entry of the verified set.
   *
   * @throws {NotFoundError} there is none; only said of a set that was verified whole.
   */
  get(id: string, options?: CallOptions): Promise<Entry>;

  /**
   * Seals and saves a new entry.
   *
   * @throws {RangeError} the draft has a field of another kind, an empty title, text that is not
   *   well-formed Unicode or has a NUL, or more than 229,375 bytes.
   * @throws {TransportError} with `maybeApplied` it may be saved all the same: sync and look.
   */
  create(draft: EntryDraft, options?: CallOptions): Promise<Entry>;

  /**
   * Saves many, in commits of at most 1,000 entries and 8 MiB; each commit is all or nothing.
   * All drafts are checked before the first is sent. What was reported to `onProgress` is saved,
   * also if a later commit fails.
   *
   * @returns the entries in the order of the drafts.
   * @throws {RangeError} as {@link Entries.create}.
   */
  createMany(drafts: readonly EntryDraft[], options?: CreateManyOptions): Promise<readonly Entry[]>;

  /**
   * Changes fields of an entry; fields and kinds this version does not know stay as they are.
   *
   * @throws {ConflictError} the entry was changed elsewhere meanwhile: read, merge, update again.
   * @throws {NotFoundError} there is no such entry. @throws {RangeError} as {@link Entries.create}.
   */
  update(id: string, change: EntryChange, options?: ChangeOptions): Promise<Entry>;

  /**
   * Deletes an entry. Its id can never be used again.
   *
   * @throws {ConflictError} the entry was changed elsewhere meanwhile.
   * @throws {NotFoundError} there is no such entry.
   */
  delete(id: string, options?: ChangeOptions): Promise<void>;

  /**
   * The versions of an entry that the server keeps, newest first: at most 50, the present one among them, and
   * none from before the vault's key was rotated. Each was sealed by a device of this account for this entry
   * and this number. A server can withhold old ones, and may offer as an earlier one what a device sealed and
   * did not get saved.
   *
   * @throws {NotFoundError} there is no such entry.
   * @throws {ConflictError} the entry was changed elsewhere while its history was read.
   */
  history(id: string, options?: CallOptions): Promise<readonly Entry[]>;

  /**
   * Saves what an earlier version said as the next version; nothing of the history is lost.
   *
   * @throws {NotFoundError} there is no such entry, or `version-not-found`.
   * @throws {ConflictError} as {@link Entries.update}.
   */
  restore(id: string, version: number, options?: ChangeOptions): Promise<Entry>;
}

/** A client of one server, for one account at a time. */
export interface VaultClient {
  /**
   * Makes an account: keys, one empty vault, and the Secret Key. Does not log in.
   *
   * @throws {RangeError} the login or the invitation is none. @throws {PasswordPolicyError} what the password lacks.
   * @throws {KdfPolicyError} the profile is not allowed.
   * @throws {ConflictError} `account-known`: this device already knows an account of that login.
   * @throws {AuthError} `registration-refused`: the login is taken or reserved, or a good invitation is missing.
   * @throws {TransportError} with `maybeApplied` the account may exist: log in, or register again.
   */
  register(registration: Registration, options?: CallOptions): Promise<Registered>;

  /**
   * Logs in and unlocks. Reads only: nothing is generated or uploaded, whatever the server omits.
   *
   * @throws {SecondFactorRequiredError} the password was right: call again with `secondFactor`.
   * @throws {AuthError} `invalid-credentials`, also for a wrong second factor. @throws {UnlockError} wrong password or tampered wrap.
   * @throws {KdfPolicyError} @throws {DowngradeError} before any KDF work.
   * @throws {RangeError} the login or the second factor is none. @throws {ProtocolError} something is missing or malformed.
   * @throws {IntegrityError} the account state is not the one this account has.
   */
  login(credentials: Credentials, options?: CallOptions): Promise<LoginReport>;

  /**
   * Sets a new password with the recovery key; then logged in and unlocked, as after a login. Everything that
   * opens the account is new: password, Secret Key (if it has one) and recovery key. Every other session ends.
   *
   * @throws {PasswordPolicyError} @throws {RangeError} the login or the second factor is none.
   * @throws {ProtocolError} `recovery-key-invalid`: that is not a recovery key; nothing was sent.
   * @throws {SecondFactorRequiredError} the recovery key was right: call again with `secondFactor`.
   * @throws {AuthError} `invalid-credentials`: wrong login, recovery key or second factor, or there is no recovery key.
   * @throws {UnlockError} the server gave another wrap. @throws {IntegrityError} it gave another account.
   * @throws {RotationIncompleteError} the server says that it is done, and it is not.
   * @throws {TransportError} with `maybeApplied` the new password may hold: log in with it on this device and
   *   renew the recovery key; if that is refused, recover again.
   */
  recover(request: RecoveryRequest, options?: CallOptions): Promise<Recovered>;

  /**
   * Opens the stored session, without any network.
   *
   * @throws {LockedError} `logged-out`: there is no stored session. @throws {UnlockError} wrong secret.
   * @throws {IntegrityError} what is stored was tampered with.
   */
  unlock(secret: UnlockSecret, options?: CallOptions): Promise<void>;

  /**
   * A key that unlocks this account without the password until its keys are rotated: for an
   * agent's memory or a system keychain.
   *
   * @returns 32 bytes; the caller owns them and wipes them. @throws {LockedError}
   */
  exportUnlockKey(): Uint8Array;

  /**
   * The Emergency Kit once more, or null for an account without a Secret Key.
   *
   * @throws {LockedError}
   */
  emergencyKit(): Promise<string | null>;

  /** Wipes the keys and everything opened. Calls under way reject with LockedError. */
  lock(): void;

  /**
   * Ends the session at the server, wipes keys, session and cache. Pins and Secret Key stay.
   * Local state is wiped even if the server cannot be reached.
   *
   * @throws {TransportError} the session may still be open at the server until its token expires.
   */
  logout(options?: CallOptions): Promise<void>;

  /** What is known here and now; makes no request. */
  status(): Promise<ClientStatus>;

  /**
   * Fetches what changed, verifies it, and only then shows it.
   *
   * @throws {IntegrityError} nothing of the vault is shown and nothing sent any more, until a new
   *   login or unlock, or {@link VaultClient.resumeAfterIntegrityFailure}.
   */
  sync(options?: CallOptions): Promise<SyncReport>;

  /**
   * Syncs now, and whenever the server hints at a change, at most once a second. Goes on until it throws.
   *
   * @throws the signal's reason. @throws {LockedError} @throws {AuthError} the session has ended: log in.
   * @throws {IntegrityError} as {@link VaultClient.sync}. @throws {ProtocolError} the server speaks nonsense.
   */
  watch(options: WatchOptions): Promise<never>;

  /**
   * Lets a client go on after an IntegrityError, when the user said so. Trusts nothing: pins stay,
   * and the next sync reads and verifies everything anew.
   */
  resumeAfterIntegrityFailure(): void;

  readonly entries: Entries;
  readonly vaults: VaultManagement;

  readonly account: AccountManagement;
  readonly recovery: RecoveryManagement;
  readonly secondFactor: SecondFactorManagement;
  readonly apiKeys: ApiKeyManagement;

  /** Where the account is logged in. */
  readonly sessions: SessionManagement;

  readonly users: UserAdministration;

  readonly server: ServerAdministration;
}
