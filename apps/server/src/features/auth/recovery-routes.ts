/** @file The routes of recovery: the recovery key of an account, and what it is for. */
import { completeRecovery, enrolRecovery, getRecovery, recover, removeRecovery } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { assertOwnOrigin } from '../../http/cross-origin.ts';
import { originOf } from '../../http/origin.ts';
import { tokensAnswer } from '../../http/tokens-answer.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import * as completion from './complete-recovery.ts';
import { beginRecovery } from './recover.ts';
import * as keys from './recovery-keys.ts';
import type { AuthRoutesDeps } from './routes.ts';

/** Serves status, enrolment and removal of the recovery key, and both steps of a recovery. */
export async function recoveryRoutes(app: FastifyInstance, deps: AuthRoutesDeps): Promise<void> {
  const callerOf = (request: FastifyRequest) => ({
    addressPrefix: addressPrefix(request.ip),
    trail: deps.audit.trailOf(originOf(request)),
  });

  contractRoute(app, getRecovery, async (request) => ({
    recovery: await keys.getRecoveryStatus(deps.db, actorOf(request).userId),
  }));

  contractRoute(app, enrolRecovery, async (request) => {
    const { authKey, accountState, recovery } = request.body;
    const { userId } = actorOf(request);
    const change = { userId, authKey: bytesOf(authKey), accountState, ...callerOf(request) };
    await keys.enrolRecovery(deps, change, recovery);
  });

  contractRoute(app, removeRecovery, async (request) => {
    const { authKey, accountState } = request.body;
    const { userId } = actorOf(request);
    await keys.removeRecovery(deps, {
      userId,
      authKey: bytesOf(authKey),
      accountState,
      ...callerOf(request),
    });
  });

  contractRoute(app, recover, async (request) => {
    const { login, recoveryAuthKey, secondFactor } = request.body;
    const proof = { login, recoveryAuthKey: bytesOf(recoveryAuthKey), secondFactor };
    return beginRecovery(deps, { ...proof, ...callerOf(request) });
  });

  contractRoute(app, completeRecovery, async (request, reply) => {
    const { body } = request;
    if (body.transport === 'cookie') assertOwnOrigin(request, deps.corsOrigins);
    const { content, ...pair } = await completion.completeRecovery(deps, {
      recoveryToken: bytesOf(body.recoveryToken),
      newProfile: body.newProfile,
      newSalt: body.newSalt,
      newAuthKey: bytesOf(body.newAuthKey),
      newWrap: body.newWrap,
      newAccountState: body.newAccountState,
      ifSeq: body.ifSeq,
      recovery: body.recovery,
      transport: body.transport,
      device: body.device,
      ...callerOf(request),
    });
    return { ...content, ...tokensAnswer(deps, reply, body.transport, pair) };
  });
}

/** The contract has checked that the text is canonical base64url. */
function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}
