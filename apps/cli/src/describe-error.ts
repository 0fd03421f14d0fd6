/** @file Turns whatever was thrown into an exit code and one line that says what to do next. */
import {
  AuthError,
  ConflictError,
  DowngradeError,
  ForkError,
  ImportError,
  IntegrityError,
  KdfPolicyError,
  LockedError,
  NotFoundError,
  PasswordPolicyError,
  ProtocolError,
  RateLimitError,
  RollbackError,
  RotationIncompleteError,
  SecondFactorRequiredError,
  TransportError,
  UnlockError,
  VaultRotatedError,
  ZkvaultError,
} from '@zkvault/sdk';
import { CliError, type ExitName, exitCodes } from './cli-error.ts';

/** A failure as the program reports it. */
export interface Failure {
  readonly exitCode: number;
  /** For programs, kebab-case. */
  readonly code: string;
  /** One line for people, without a secret and without anything a server made up. */
  readonly message: string;
}

/** Describes a failure. An error of a kind nobody expected is exit 1. */
export function describeError(error: unknown): Failure {
  const [exit, message] = describe(error);
  const code = error instanceof CliError || error instanceof ZkvaultError ? error.code : exit;
  return { exitCode: exitCodes[exit], code, message };
}

function describe(error: unknown): readonly [ExitName, string] {
  if (error instanceof CliError) return [error.exit, error.message];
  if (error instanceof ZkvaultError) return describeVaultError(error);
  if (error instanceof RangeError) return ['usage', error.message];
  if (error instanceof Error && error.name === 'AbortError') return ['interrupted', 'interrupted'];
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return ['error', `${error.code}: ${error.message}`];
  return ['error', error instanceof Error ? `unexpected failure: ${error.message}` : 'unexpected failure'];
}

function describeVaultError(error: ZkvaultError): readonly [ExitName, string] {
  if (error instanceof LockedError && error.code === 'logged-out')
    return ['not-logged-in', hints.notLoggedIn];
  if (error instanceof LockedError) return ['locked', hints.locked];
  if (error instanceof SecondFactorRequiredError) return ['error', hints.secondFactor];
  if (error instanceof VaultRotatedError) return ['not-logged-in', hints.vaultRotated];
  if (error instanceof AuthError) return describeAuthError(error);
  if (error instanceof RotationIncompleteError) return describeRotation(error);
  if (error instanceof UnlockError) return ['error', hints.wrongPassword];
  if (error instanceof PasswordPolicyError) return ['error', `${error.message}; choose another one`];
  if (error instanceof NotFoundError && error.code === 'vault-not-found')
    return ['not-found', hints.vaultGone];
  if (error instanceof NotFoundError && error.code === 'user-not-found')
    return ['not-found', 'there is no such account; see zkvault admin users list'];
  if (error instanceof NotFoundError && error.code === 'version-not-found')
    return ['not-found', 'the server keeps no such version; see zkvault history'];
  if (error instanceof NotFoundError && error.code === 'api-key-not-found')
    return ['not-found', 'there is no such API key; see zkvault api-key list'];
  if (error instanceof NotFoundError) return ['not-found', 'there is no such entry; see zkvault list'];
  if (error instanceof ConflictError && error.code === 'account-known')
    return ['conflict', hints.accountKnown];
  if (error instanceof ConflictError && error.code === 'account-state-stale')
    return ['conflict', hints.accountStateStale];
  if (error instanceof ConflictError && error.code === 'last-administrator')
    return ['conflict', hints.lastAdministrator];
  if (error instanceof ConflictError && error.code === 'second-factor-active')
    return ['conflict', hints.secondFactorActive];
  if (error instanceof ConflictError && error.code === 'second-factor-inactive')
    return ['conflict', hints.secondFactorInactive];
  if (error instanceof ConflictError && error.code === 'recovery-missing')
    return ['conflict', 'the account has no recovery key; run zkvault recovery enrol'];
  if (error instanceof ConflictError && error.code === 'too-many-api-keys')
    return ['conflict', 'the account has as many API keys as it may; revoke one that is not needed'];
  if (error instanceof ConflictError) return ['conflict', hints.conflict];
  if (error instanceof RateLimitError) return ['network', waitHint(error.retryAfterSeconds)];
  if (error instanceof TransportError) return describeTransportError(error);
  if (error instanceof RotationIncompleteError) return ['integrity', hints.incomplete];
  if (error instanceof RollbackError) return ['integrity', hints.rollback];
  if (error instanceof ForkError) return ['integrity', hints.fork];
  if (error instanceof DowngradeError && error.code === 'secret-key-missing')
    return ['integrity', hints.secretKeyMissing];
  if (error instanceof IntegrityError || error instanceof DowngradeError || error instanceof KdfPolicyError)
    return ['integrity', `${hints.untrusted} (${error.message})`];
  if (error instanceof ProtocolError) return describeProtocolError(error);
  if (error instanceof ImportError) return ['error', error.message];
  return ['error', error.message];
}

/** What it ends with depends on why: a lie, or a network that failed at the wrong moment. */
function describeRotation({ cause }: RotationIncompleteError): readonly [ExitName, string] {
  if (cause instanceof TransportError) return ['network', hints.rotationUnknown];
  return ['integrity', hints.rotationIncomplete];
}

/** A mistyped key of the user's own is not a lying server, though both are malformed data. */
function describeProtocolError(error: ProtocolError): readonly [ExitName, string] {
  if (error.code === 'secret-key-invalid')
    return ['usage', 'that is not a Secret Key; copy it from the Emergency Kit, it begins with ZK1-'];
  if (error.code === 'recovery-key-invalid')
    return ['usage', 'that is not a recovery key; it begins with ZKR1-'];
  if (error.code === 'api-key-invalid')
    return ['usage', 'that is not a whole API key; it begins with zkv_ and has 128 characters'];
  return ['integrity', `${hints.untrusted} (${error.message})`];
}

function describeAuthError(error: AuthError): readonly [ExitName, string] {
  if (error.code === 'invalid-credentials') return ['error', hints.wrongCredentials];
  if (error.code === 'registration-refused') return ['conflict', hints.registrationRefused];
  if (error.code === 'own-account') return ['usage', 'that is your own account; see zkvault account delete'];
  if (error.code === 'insufficient-permission') return ['error', hints.notAllowed];
  if (error.code === 'current-key-wrong') return ['error', hints.currentKeyWrong];
  if (error.code === 'second-factor-wrong') return ['error', hints.secondFactorWrong];
  if (error.code === 'invalid-api-key') return ['not-logged-in', hints.apiKeyRefused];
  if (error.code === 'insufficient-scope') return ['error', hints.apiKeyScope];
  if (error.code === 'api-key-outdated') return ['error', hints.apiKeyOutdated];
  if (error.code === 'invalid-token') return ['not-logged-in', hints.sessionOver];
  return ['error', `the server refuses: ${error.code}`];
}

function describeTransportError(error: TransportError): readonly [ExitName, string] {
  if (error.code === 'invalid-base-url') return ['usage', error.message];
  const hint = error.maybeApplied ? `; it may have been done all the same, so look before trying again` : '';
  const wait = error.retryAfterSeconds === undefined ? '' : `; ${waitHint(error.retryAfterSeconds)}`;
  return ['network', `no usable answer from the server (${error.message})${hint}${wait}`];
}

function waitHint(seconds: number | undefined): string {
  return seconds === undefined
    ? 'the server asks to wait; try again in a minute'
    : `the server asks to wait; try again in ${seconds} s`;
}

const hints = {
  notLoggedIn: 'not logged in; run zkvault login',
  sessionOver: 'the session has ended; run zkvault login',
  locked: 'the vault is locked; run zkvault unlock',
  secondFactor: 'this account asks for a second factor; use a terminal, or --totp-stdin',
  secondFactorWrong: 'the one-time password is wrong, or was used already; wait for the next one',
  secondFactorActive: 'the account has a second factor already; run zkvault 2fa disable first',
  secondFactorInactive: 'the account has no second factor; run zkvault 2fa setup',
  currentKeyWrong:
    'the server does not take the password: it was changed on another device, or tried too often; log in again',
  apiKeyRefused:
    'the API key is unknown, revoked or expired; look with zkvault api-key list, where you are logged in',
  apiKeyScope: 'the API key may not do that; make one with the scope, zkvault api-key create --scope',
  apiKeyOutdated:
    'a vault of the API key is gone or has another key now; make a new one with zkvault api-key create',
  wrongPassword: 'the password is wrong',
  wrongCredentials:
    'login, password, Secret Key, recovery key or second factor is wrong, or the account is locked for a while after wrong attempts',
  registrationRefused:
    'this login cannot be registered; choose another, log in if it is yours, or ask an administrator of the server for an invitation',
  accountKnown: 'this device already knows an account of that login; run zkvault login',
  lastAdministrator:
    'this is the last administrator of the server; make another account an administrator first',
  notAllowed: 'the role of this account does not allow that; ask an administrator of the server',
  conflict: 'something else was saved first; run the command again',
  secretKeyMissing: 'this account has a Secret Key, which this device lacks; log in again and give it',
  vaultRotated: 'the key of the vault was changed on another device; run zkvault login',
  accountStateStale:
    'another device has changed the account since the login; run zkvault login, then the command again',
  rotationUnknown:
    'the server cannot be asked whether the vault has the new key; run the command again when it can be reached',
  rotationIncomplete:
    'the server did not do what it said, and the old key is still in use; run the command again, and if that does not help, ask who runs it',
  vaultGone: 'the server has no such vault any more; ask who runs it',
  rollback:
    'the server gave an older state of the vault than this device has seen; nothing was shown. Ask who runs it',
  incomplete:
    'the server says that the keys are changed, and they are not; nothing is lost. Run the command again, and ask who runs the server',
  fork: 'the server gave another history of the vault than this device knows; nothing was shown. Ask who runs it',
  untrusted:
    'what the server gave, or what is kept on this device, is not what was saved; nothing was shown. Ask who runs the server',
} as const;
