/** @file The end of a recovery: new password, new recovery key, every session ended and a new one, or nothing. */
import type { NewRecovery, Sealed, Wrap } from '@zkvault/contract';
import type { Tx, UserRow } from '../../db/schema.ts';
import { requestFault, ServiceError } from '../../lib/service-error.ts';
import type { Trail } from '../audit/service.ts';
import { endSessionsOfUser, openSession, type TokenPair } from '../sessions/service.ts';
import {
  findUser,
  lockUser,
  type NewCredential,
  replaceCredential,
  toKeyMaterial,
  toUser,
} from '../users/service.ts';
import { listOwnVaults } from '../vaults/service.ts';
import type { LoginContent, LoginRequest } from './login.ts';
import { recoveryTokenHashes } from './recover.ts';
import { prepareRecoveryKey } from './recovery-keys.ts';
import {
  findRecovery,
  findRecoveryKey,
  type NewRecoveryKeyRow,
  type RecoveryRow,
  replaceRecoveryKey,
  takeRecovery,
} from './recovery-store.ts';
import { keyMaterialOf } from './rekey.ts';
import type { AuthDeps } from './service.ts';

/** The second request of a recovery; untrusted, of the contract's form. */
export interface RecoveryRekey extends Pick<LoginRequest, 'transport' | 'device' | 'addressPrefix'> {
  /** 32 bytes. */
  readonly recoveryToken: Uint8Array;
  readonly newProfile: number;
  readonly newSalt: string;
  /** 32 bytes. */
  readonly newAuthKey: Uint8Array;
  readonly newWrap: Wrap | undefined;
  readonly newAccountState: Sealed | undefined;
  readonly ifSeq: number | undefined;
  readonly recovery: NewRecovery;
  readonly trail: Trail;
}

/**
 * Sets the new password and logs in. The token is used up exactly if it succeeds.
 *
 * @throws {ServiceError} `invalid-token` if the token is unknown, used or expired, or the account or its recovery
 *   key has changed since; `conflict` with the present seq if the account state has; `request-invalid` if the
 *   parts do not belong together or the recovery key is the old one; `overloaded`.
 */
export async function completeRecovery(
  deps: AuthDeps,
  rekey: RecoveryRekey,
): Promise<TokenPair & { content: LoginContent }> {
  const recovery = await findRecovery(deps.db, recoveryTokenHashes(deps.keyRing, rekey.recoveryToken));
  const user = recovery === undefined ? undefined : await findUser(deps.db, recovery.user_id);
  if (recovery === undefined || user === undefined) throw new ServiceError('invalid-token');
  if (rekey.recovery.id === recovery.recovery_id) throw requestFault('/body/recovery/id', 'unchanged');
  const keyMaterial = keyMaterialOf(user, rekey);
  const verifier = await deps.hashing.run(() => deps.verifiers.make(rekey.newAuthKey));
  const recoveryKey = await prepareRecoveryKey(deps, user.id, rekey.recovery);
  const credential = {
    ...verifier,
    login: user.login,
    profile: rekey.newProfile,
    salt: rekey.newSalt,
    keyMaterial,
  };
  const answer = await deps.db
    .transaction()
    .execute((tx) => write(deps, tx, rekey, { recovery, user, credential, recoveryKey }));
  const { addressPrefix } = rekey;
  const { login, id: userId } = user;
  deps.events.authentication({ action: 'rekey', outcome: 'success', login, userId, addressPrefix });
  return answer;
}

async function write(
  deps: AuthDeps,
  tx: Tx,
  { transport, device, addressPrefix, trail }: RecoveryRekey,
  next: {
    readonly recovery: RecoveryRow;
    readonly user: UserRow;
    readonly credential: NewCredential;
    readonly recoveryKey: NewRecoveryKeyRow;
  },
): Promise<TokenPair & { content: LoginContent }> {
  const { recovery, user } = next;
  const isAsked = user.asks_second_factor && !recovery.second_factor_proven;
  if (user.credential_version !== recovery.credential_version || isAsked)
    throw new ServiceError('invalid-token');
  if (!(await replaceCredential(tx, user, next.credential))) throw new ServiceError('conflict');
  const present = await findRecoveryKey(tx, user.id);
  if (present?.id !== recovery.recovery_id || !(await takeRecovery(tx, recovery)))
    throw new ServiceError('invalid-token');
  await replaceRecoveryKey(tx, next.recoveryKey);
  const ended = await endSessionsOfUser(tx, user.id);
  const current = await lockUser(tx, user.id);
  if (current === undefined || (current.asks_second_factor && !recovery.second_factor_proven))
    throw new ServiceError('invalid-token');
  const session = { deviceId: device.id, deviceName: device.name, transport, addressPrefix };
  const { sessionId, lastSecurityViolationAt, ...pair } = await openSession(deps, tx, current, session);
  const content: LoginContent = {
    accountId: current.id,
    sessionId,
    ...toKeyMaterial(current),
    identity: null,
    vaults: await listOwnVaults(tx, current.id, { withWraps: true }),
    user: toUser(current),
    lastSecurityViolationAt,
  };
  await trail.record(tx, {
    action: 'recovered',
    outcome: 'success',
    subject: { userId: current.id },
    actorId: current.id,
    sessionId,
    details: { ended },
  });
  return { ...pair, content };
}
