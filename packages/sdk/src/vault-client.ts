/** @file What an app calls: the whole surface of a client, as types. */
import type { KdfProfileId } from '@zkvault/crypto-core';
import type { AccountManagement } from './account-management.ts';
import type { Entry, EntryChange, EntryDraft } from './entry-kinds.ts';
import type { CallOptions, ChangeOptions, CreateManyOptions } from './options.ts';
import type { UserAdministration } from './user-management.ts';

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
}

/** Who logs in. */
export interface Credentials {
  readonly login: string;
  readonly password: string;
  /** Text form, `ZK1-…`; the one kept in storage for this login if left out. Always mixed in when there is one. */
  readonly secretKey?: string;
  /** For an account that asks for one: log in without, and with it after a SecondFactorRequiredError. */
  readonly secondFactor?: OfferedSecondFactor;
}

/** A one-time password of six digits, or one of the recovery codes. Each is right once. */
export type OfferedSecondFactor = { readonly totp: string } | { readonly recoveryCode: string };

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

/**
 * How a state was checked. `unanchored`: this device had no memory of the vault, so it was checked
 * against the account state's checkpoint alone, and a complete old copy of account and vault could
 * not be told from the present one. `pinned`: it follows the newest state this device ever verified.
 */
export type Freshness = 'unanchored' | 'pinned';

/** One vault of an unlocked client. */
export interface VaultStatus {
  readonly id: string;
  /** Number of the newest verified commit; null before the first sync on this device. */
  readonly seq: number | null;
  /** How many entries it has; null before the first sync on this device. */
  readonly entryCount: number | null;
  readonly freshness: Freshness;
  /** RFC 3339, UTC, by this device's clock; a server can freeze a vault, so show it. Null before the first sync. */
  readonly lastVerifiedAt: string | null;
}

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
}

/** What a login tells its owner. */
export interface LoginReport {
  /**
   * When somebody used a refresh token of the account that had been used before, if that was since the last
   * login: a copy of a session may have been stolen. That session has ended. RFC 3339, UTC.
   */
  readonly lastSecurityViolationAt: string | null;
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
   * Lets a client go on after an IntegrityError, when the user said so. Trusts nothing: pins stay,
   * and the next sync reads and verifies everything anew.
   */
  resumeAfterIntegrityFailure(): void;

  readonly entries: Entries;

  readonly account: AccountManagement;
  readonly secondFactor: SecondFactorManagement;

  readonly users: UserAdministration;
}
