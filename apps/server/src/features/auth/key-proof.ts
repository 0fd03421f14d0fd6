/**
 * @file The proof that whoever holds a session also knows the key. A stolen access token must not be a
 * way to guess it, so attempts count as those of a login.
 */
import type { UserRow } from '../../db/schema.ts';
import type { AuthenticationEvent } from '../../lib/security-events.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { reportLockout } from './lockout.ts';
import type { AuthDeps } from './service.ts';

/** A key that is offered as the present one; untrusted. */
export interface OfferedKey {
  /** 32 bytes. */
  readonly authKey: Uint8Array;
  readonly addressPrefix: string;
  readonly trail: Trail;
  /** What it is offered for. */
  readonly action: AuthenticationEvent['action'];
}

/**
 * Checks the present key of an account.
 *
 * @throws {ServiceError} `current-key-wrong`, also while the login is locked; `overloaded`.
 */
export async function proveCurrentKey(
  deps: Pick<AuthDeps, 'db' | 'hashing' | 'lockout' | 'verifiers' | 'events'>,
  user: UserRow,
  { authKey, addressPrefix, trail, action }: OfferedKey,
): Promise<void> {
  const attempt = { login: user.login, addressPrefix };
  const { right, isLast } = await deps.hashing.run(async () => {
    const admission = await deps.lockout.admit(deps.db, attempt);
    const stored = { verifier: user.verifier, verifierKeyId: user.verifier_key_id };
    const proven = await deps.verifiers.check(authKey, admission.admitted ? stored : undefined);
    if (proven) await deps.lockout.clear(deps.db, attempt);
    return { right: proven, isLast: admission.isLast };
  });
  if (right) return;
  deps.events.authentication({
    action,
    outcome: 'failure',
    login: user.login,
    userId: user.id,
    reason: 'wrong-key-or-locked',
    addressPrefix,
  });
  if (isLast) reportLockout(deps.events, attempt);
  const subject = { userId: user.id };
  await deps.db.transaction().execute(async (tx) => {
    await trail.record(tx, { action: 'key-proof', outcome: 'failure', subject, details: { reason: action } });
    if (isLast) await trail.record(tx, { action: 'lockout', outcome: 'success', subject });
  });
  throw new ServiceError('current-key-wrong');
}
