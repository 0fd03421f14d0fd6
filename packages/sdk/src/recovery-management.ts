/** @file What an app can do about recovery, as types. */
import type { LoginReport, OfferedSecondFactor } from './credentials.ts';
import type { CallOptions } from './options.ts';

/** A password of the unlocked account, to prove it anew. */
export interface PasswordProof {
  readonly password: string;
}

/** Whether the account can be recovered. */
export interface RecoveryStatus {
  /** As the sealed account state says, which no server can change; as of the last login or change on this device. */
  readonly enrolled: boolean;
  /** The server's words: whether it has that very recovery key. */
  readonly keptByServer: boolean;
}

/**
 * The recovery key of the unlocked account: 256 random bits on paper that let their holder set a new password.
 * It opens the account without password and Secret Key, so keep it as safe as the Emergency Kit. It is made on
 * this device; the server has the account key under it, and a proof of it that opens nothing. Every call but
 * `status` asks for the password again and throws what `account.changePassword` throws.
 */
export interface RecoveryManagement {
  /**
   * Makes a recovery key, in place of the one before if there is one.
   *
   * @returns its text, `ZKR1-…`, given this once.
   */
  enrol(proof: PasswordProof, options?: CallOptions): Promise<{ readonly recoveryKey: string }>;

  /** Replaces the recovery key; the former one is void. @throws {ConflictError} `recovery-missing`. */
  renew(proof: PasswordProof, options?: CallOptions): Promise<{ readonly recoveryKey: string }>;

  /** Does without a recovery key again. Idempotent. */
  remove(proof: PasswordProof, options?: CallOptions): Promise<void>;

  /** Whether there is one. @throws {LockedError} @throws {AuthError} @throws {TransportError} */
  status(options?: CallOptions): Promise<RecoveryStatus>;
}

/** Who recovers an account. */
export interface RecoveryRequest {
  readonly login: string;
  /** Text form, `ZKR1-…`. */
  readonly recoveryKey: string;
  readonly newPassword: string;
  /** As at a login: the recovery key stands in for the password alone. */
  readonly secondFactor?: OfferedSecondFactor;
}

/** A recovered account: logged in and unlocked, with everything that opens it new. */
export interface Recovered extends LoginReport {
  /** The new one, given this once. The one that was used is void. */
  readonly recoveryKey: string;
  /** The new one; null for a password-only account. */
  readonly secretKey: string | null;
  /** Text to print; null for a password-only account. */
  readonly emergencyKit: string | null;
}
