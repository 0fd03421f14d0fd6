/**
 * @file What may go wrong, told apart by what the caller can do next (docs/protocol.md section 11).
 * No message holds plaintext, a key or a token.
 */
import { IntegrityError, ZkvaultError } from '@zkvault/crypto-core';

export { IntegrityError, KdfPolicyError, ProtocolError, ZkvaultError } from '@zkvault/crypto-core';

/** The password (or unlock key) is wrong, or the wrapped key was tampered with: the two are not told apart. */
export class UnlockError extends ZkvaultError {
  override readonly name: string = 'UnlockError';

  constructor() {
    super('unlock-failed', 'the password is wrong, or the wrapped key is not the one it wrapped');
  }
}

/** The server gave an older state than this device has verified. Nothing more is sent; ask the operator. */
export class RollbackError extends IntegrityError {
  override readonly name: string = 'RollbackError';

  constructor(message: string) {
    super('rollback', message);
  }
}

/** The server gave a history that is not the one this device knows. Nothing more is sent; ask the operator. */
export class ForkError extends IntegrityError {
  override readonly name: string = 'ForkError';

  constructor(message: string) {
    super('fork', message);
  }
}

/** Somebody asks for a weaker protection than this account had: a lower KDF profile, or no Secret Key. */
export class DowngradeError extends ZkvaultError {
  override readonly name: string = 'DowngradeError';

  /** @param code `kdf-downgrade` or `secret-key-missing`. */
  constructor(code: 'kdf-downgrade' | 'secret-key-missing', message: string) {
    super(code, message);
  }
}

/** Somebody else wrote first. Read the entry again, merge, and write again. */
export class ConflictError extends ZkvaultError {
  override readonly name: string = 'ConflictError';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/**
 * A change of keys, of the account or of a vault, is not whole at the server, whatever it answered. The keys
 * before are kept and everything can still be read with them: do it again, and ask the operator if it happens
 * again. `cause` says what went wrong, if something failed.
 */
export class RotationIncompleteError extends ZkvaultError {
  override readonly name: string = 'RotationIncompleteError';

  constructor(message: string, options?: ErrorOptions) {
    super('rotation-incomplete', message, options);
  }
}

/** The client holds no keys now: unlock it first. Also for calls that were under way when it was locked. */
export class LockedError extends ZkvaultError {
  override readonly name: string = 'LockedError';

  /** @param code `locked` (unlock) or `logged-out` (log in). */
  constructor(code: 'locked' | 'logged-out' = 'locked') {
    super(code, code === 'locked' ? 'the client is locked' : 'nobody is logged in');
  }
}

/** The server refuses this login, this session or this registration. */
export class AuthError extends ZkvaultError {
  override readonly name: string = 'AuthError';

  /** @param code the server's problem code: `invalid-credentials`, `invalid-token`, ... (open). */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The password was right; the account asks for a second factor: log in again with `secondFactor`. */
export class SecondFactorRequiredError extends AuthError {
  override readonly name: string = 'SecondFactorRequiredError';

  constructor() {
    super('second-factor-required', 'the account asks for a second factor');
  }
}

/**
 * The server says that a vault has another key by now: log in again, which gives it. If it lies, that login
 * shows the same vault as before; nothing is taken from such a vault on the server's word.
 */
export class VaultRotatedError extends AuthError {
  override readonly name: string = 'VaultRotatedError';

  constructor() {
    super('vault-rotated', 'the key of a vault was changed on another device');
  }
}

/** The server asks to wait. */
export class RateLimitError extends ZkvaultError {
  override readonly name: string = 'RateLimitError';
  /** How long the server asks to wait; undefined if it does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(retryAfterSeconds: number | undefined) {
    super('rate-limited', 'the server asks to wait');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** There is no such entry in the verified set. */
export class NotFoundError extends ZkvaultError {
  override readonly name: string = 'NotFoundError';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** No usable answer: network, timeout, redirect, proxy or server failure. Try again later. */
export class TransportError extends ZkvaultError {
  override readonly name: string = 'TransportError';
  /** True if the server may have done what was asked: read before asking again. */
  readonly maybeApplied: boolean;
  /** How long the server asks to wait; undefined if it does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: TransportErrorCode,
    message: string,
    details: ErrorOptions & {
      readonly maybeApplied?: boolean;
      readonly retryAfterSeconds?: number | undefined;
    } = {},
  ) {
    super(code, message, details);
    this.maybeApplied = details.maybeApplied ?? false;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Why there is no usable answer. */
export type TransportErrorCode =
  | 'network'
  | 'timeout'
  | 'redirect-refused'
  | 'server-failure'
  | 'overloaded'
  | 'response-too-large'
  | 'invalid-base-url';

/** A new password does not fulfil the policy. */
export class PasswordPolicyError extends ZkvaultError {
  override readonly name: string = 'PasswordPolicyError';
  /** What fails, as codes: `too-short`, `too-weak`, ... */
  readonly failures: readonly string[];

  constructor(failures: readonly string[]) {
    super('password-policy', `the password does not fulfil the policy: ${failures.join(', ')}`);
    this.failures = failures;
  }
}
