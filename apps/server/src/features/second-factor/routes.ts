/** @file The routes of the second factor. Each asks for the key again: a stolen access token is not enough. */
import {
  disableSecondFactor,
  renewRecoveryCodes,
  setUpSecondFactor,
  verifySecondFactor,
} from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import * as management from './management.ts';

/** Serves setup, verification, recovery codes and the end of a second factor. */
export async function secondFactorRoutes(
  app: FastifyInstance,
  deps: management.SecondFactorDeps,
): Promise<void> {
  contractRoute(app, setUpSecondFactor, async (request) =>
    management.setUpSecondFactor(deps, askedBy(deps, request, request.body.authKey)),
  );

  contractRoute(app, verifySecondFactor, async (request) => {
    const { authKey, totp } = request.body;
    const codes = await management.verifySecondFactor(deps, { ...askedBy(deps, request, authKey), totp });
    return { recoveryCodes: [...codes] };
  });

  contractRoute(app, renewRecoveryCodes, async (request) => {
    const codes = await management.renewRecoveryCodes(deps, askedBy(deps, request, request.body.authKey));
    return { recoveryCodes: [...codes] };
  });

  contractRoute(app, disableSecondFactor, async (request) =>
    management.disableSecondFactor(deps, askedBy(deps, request, request.body.authKey)),
  );
}

function askedBy(
  deps: management.SecondFactorDeps,
  request: FastifyRequest,
  authKey: string,
): management.SecondFactorRequest {
  return {
    userId: actorOf(request).userId,
    authKey: new Uint8Array(Buffer.from(authKey, 'base64url')),
    addressPrefix: addressPrefix(request.ip),
    trail: deps.audit.trailOf(originOf(request)),
  };
}
