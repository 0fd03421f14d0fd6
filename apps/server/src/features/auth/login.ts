/** @file Logging in. Every refusal is the same answer after the same work. */
import type { LoginAnswer } from '@zkvault/contract';
import type { Tx, UserRow } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { type OfferedFactor, useSecondFactor } from '../second-factor/service.ts';
import { openSession, type TokenPair } from '../sessions/service.ts';
import {
  findUserByLogin,
  lockUser,
  refreshVerifier,
  toKeyMaterial,
  toUser,
  type Verifier,
} from '../users/service.ts';
import { listOwnVaults } from '../vaults/service.ts';
import { reportLockout } from './lockout.ts';
import { type AuthDeps, loginOrNobodys } from './service.ts';

/** A login as it was asked for; untrusted. */
export interface LoginRequest {
  readonly login: string;
  /** 32 bytes. */
  readonly authKey: Uint8Array;
  readonly transport: 'body' | 'cookie';
  readonly secondFactor: OfferedFactor | undefined;
  readonly device: { readonly id: string; readonly name: string };
  readonly addressPrefix: string;
  readonly trail: Trail;
}

/** What a login gives, tokens apart. */
export type LoginContent = Omit<LoginAnswer, 'accessToken' | 'refreshToken' | 'tokenType' | 'expiresIn'>;

/**
 * Logs in.
 *
 * @throws {ServiceError} `invalid-credentials` for a wrong login, a wrong key, a wrong second factor, a
 *   locked and an inactive account alike; `second-factor-required` if nothing but that is missing;
 *   `overloaded` at once if too many are waiting.
 */
export async function logIn(
  deps: AuthDeps,
  request: LoginRequest,
): Promise<TokenPair & { content: LoginContent }> {
  const { proven, failure } = await deps.hashing.run(() => prove(deps, request));
  if (failure !== undefined) {
    await recordFailure(deps, request, failure);
    throw new ServiceError(failure.code);
  }
  const answer = await deps.db.transaction().execute((tx) => enter(deps, tx, proven, request));
  if (answer === undefined) throw new ServiceError('invalid-credentials');
  deps.events.authentication({
    action: 'login',
    outcome: 'success',
    login: request.login,
    userId: answer.content.accountId,
    addressPrefix: request.addressPrefix,
  });
  return answer;
}

/** Why a login failed. */
interface Failure {
  /** The account of the login, if there is one. */
  readonly user: UserRow | undefined;
  readonly reason: string;
  /** What the client is told. */
  readonly code: 'invalid-credentials' | 'second-factor-required';
  /** True if no further attempt is looked at for a while. */
  readonly locksOut: boolean;
}

type Proof =
  | { readonly proven: UserRow; readonly failure?: undefined }
  | { readonly proven?: undefined; readonly failure: Failure };

/**
 * Checks the key, with the same statements and one hash whatever the outcome, and after a right key the
 * second factor. A right key alone clears no counter.
 */
async function prove(deps: AuthDeps, request: LoginRequest): Promise<Proof> {
  const attempt = { login: loginOrNobodys(request.login), addressPrefix: request.addressPrefix };
  const { admitted, isLast } = await deps.lockout.admit(deps.db, attempt);
  const user = await findUserByLogin(deps.db, attempt.login);
  const candidate = admitted && user?.is_active === true ? user : undefined;
  const right = await deps.verifiers.check(
    request.authKey,
    candidate === undefined ? undefined : verifierOf(candidate),
  );
  const fail = (reason: string): Proof => ({
    failure: { user, reason, code: 'invalid-credentials', locksOut: isLast },
  });
  if (candidate === undefined || !right) return fail(failureReason(admitted, user));
  const factor = await useSecondFactor(deps.secondFactors, deps.db, candidate, request.secondFactor);
  if (factor === 'missing') {
    await deps.lockout.takeBack(deps.db, attempt);
    const reason = 'second-factor-missing';
    return { failure: { user, reason, code: 'second-factor-required', locksOut: false } };
  }
  if (factor === 'wrong') return fail('second-factor-wrong');
  await deps.lockout.clear(deps.db, attempt);
  await renewVerifier(deps, candidate, request.authKey);
  return { proven: candidate };
}

/** Outside the queue of hashes, and with the same statements whether the login is known or not. */
async function recordFailure(deps: AuthDeps, request: LoginRequest, failure: Failure): Promise<void> {
  const { user, reason, locksOut } = failure;
  deps.events.authentication({
    action: 'login',
    outcome: 'failure',
    login: request.login,
    reason,
    addressPrefix: request.addressPrefix,
  });
  if (locksOut) reportLockout(deps.events, request);
  const subject = user === undefined ? { unknownLogin: loginOrNobodys(request.login) } : { userId: user.id };
  await deps.db.transaction().execute(async (tx) => {
    await request.trail.record(tx, { action: 'login', outcome: 'failure', subject, details: { reason } });
    if (locksOut) await request.trail.record(tx, { action: 'lockout', outcome: 'success', subject });
  });
}

function failureReason(admitted: boolean, user: UserRow | undefined): string {
  if (!admitted) return 'locked';
  if (user === undefined) return 'unknown-login';
  return user.is_active ? 'wrong-key' : 'inactive';
}

function verifierOf(user: UserRow): Verifier {
  return { verifier: user.verifier, verifierKeyId: user.verifier_key_id };
}

/** The authKey is at hand only now, so now is when an old verifier is made anew. */
async function renewVerifier(deps: AuthDeps, user: UserRow, authKey: Uint8Array): Promise<void> {
  if (!deps.verifiers.isOutdated(verifierOf(user))) return;
  await refreshVerifier(deps.db, user, await deps.verifiers.make(authKey));
}

/**
 * Opens the session, unless the credential was changed, a second factor was put before it or the account
 * stopped since the key was checked.
 */
async function enter(
  deps: AuthDeps,
  tx: Tx,
  proven: UserRow,
  request: LoginRequest,
): Promise<(TokenPair & { content: LoginContent }) | undefined> {
  const user = await lockUser(tx, proven.id);
  if (user?.is_active !== true || user.credential_version !== proven.credential_version) return undefined;
  if (user.asks_second_factor && !proven.asks_second_factor) return undefined;
  const { sessionId, lastSecurityViolationAt, ...pair } = await openSession(deps, tx, user, {
    deviceId: request.device.id,
    deviceName: request.device.name,
    transport: request.transport,
    addressPrefix: request.addressPrefix,
  });
  const content: LoginContent = {
    accountId: user.id,
    sessionId,
    ...toKeyMaterial(user),
    identity: null,
    vaults: await listOwnVaults(tx, user.id, { withWraps: true }),
    user: toUser(user),
    lastSecurityViolationAt,
  };
  await request.trail.record(tx, {
    action: 'login',
    outcome: 'success',
    subject: { userId: user.id },
    actorId: user.id,
    sessionId,
  });
  return { ...pair, content };
}
