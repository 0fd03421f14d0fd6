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
} from '@zkvault/sdk';
import { expect, it } from 'vitest';
import { CliError } from './cli-error.ts';
import { describeError } from './describe-error.ts';

it.for([
  [new CliError('locked', 'x'), 4],
  [new LockedError(), 4],
  [new LockedError('logged-out'), 3],
  [new AuthError('invalid-token', 'x'), 3],
  [new AuthError('invalid-credentials', 'x'), 1],
  [new AuthError('registration-refused', 'x'), 6],
  [new AuthError('something-new', 'x'), 1],
  [new SecondFactorRequiredError(), 1],
  [new UnlockError(), 1],
  [new PasswordPolicyError(['too-short']), 1],
  [new NotFoundError('entry-not-found', 'x'), 5],
  [new NotFoundError('vault-not-found', 'x'), 5],
  [new ConflictError('conflict', 'x'), 6],
  [new ConflictError('account-known', 'x'), 6],
  [new TransportError('network', 'x'), 7],
  [new TransportError('timeout', 'x', { maybeApplied: true, retryAfterSeconds: 9 }), 7],
  [new TransportError('invalid-base-url', 'x'), 2],
  [new RateLimitError(30), 7],
  [new RateLimitError(undefined), 7],
  [new IntegrityError(), 8],
  [new RollbackError('x'), 8],
  [new VaultRotatedError(), 3],
  [new RotationIncompleteError('x'), 8],
  [new RotationIncompleteError('x', { cause: new IntegrityError() }), 8],
  [new RotationIncompleteError('x', { cause: new TransportError('network', 'x') }), 7],
  [new ConflictError('account-state-stale', 'x'), 6],
  [new NotFoundError('version-not-found', 'x'), 5],
  [new ForkError('x'), 8],
  [new DowngradeError('kdf-downgrade', 'x'), 8],
  [new DowngradeError('secret-key-missing', 'x'), 8],
  [new KdfPolicyError('kdf-profile-unknown', 'x'), 8],
  [new ProtocolError('response-malformed', 'x'), 8],
  [new ProtocolError('secret-key-invalid', 'x'), 2],
  [new ImportError('not-json'), 1],
  [new RangeError('x'), 2],
  [Object.assign(new Error('x'), { code: 'EACCES' }), 1],
  [new DOMException('x', 'AbortError'), 130],
  [new Error('x'), 1],
  ['not even an error', 1],
] as const)('%s is exit %i, told on one line', ([error, exitCode]) => {
  const failure = describeError(error);

  expect(failure.exitCode).toBe(exitCode);
  expect(failure.message).toMatch(/^.+$/);
  expect(failure.code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
});
