/** @file The routes of authentication: policy, prelogin, register, login, rekey. */
import { getAuthPolicy, login, prelogin, register, rekey } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { assertOwnOrigin } from '../../http/cross-origin.ts';
import { originOf } from '../../http/origin.ts';
import type { RefreshCookie } from '../../http/refresh-cookie.ts';
import { tokensAnswer } from '../../http/tokens-answer.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import { logIn } from './login.ts';
import { registerAccount } from './register.ts';
import { rekeyAccount } from './rekey.ts';
import * as service from './service.ts';

/** What the routes of authentication need. */
export interface AuthRoutesDeps extends service.AuthDeps {
  readonly cookie: RefreshCookie;
  readonly corsOrigins: readonly string[];
}

/** Serves policy, prelogin, registration, login and rekey. */
export async function authRoutes(app: FastifyInstance, deps: AuthRoutesDeps): Promise<void> {
  contractRoute(app, getAuthPolicy, async () => service.authPolicy(deps));

  contractRoute(app, prelogin, async (request) => service.prelogin(deps, request.body.login));

  contractRoute(app, register, async (request) => {
    const { body, ip } = request;
    await registerAccount(deps, {
      accountId: body.accountId,
      login: body.login,
      email: body.email,
      fullName: body.fullName,
      profile: body.profile,
      salt: body.salt,
      authKey: bytesOf(body.authKey),
      akEpoch: body.akEpoch,
      wrap: body.wrap,
      accountState: body.accountState,
      vaults: body.vaults,
      recovery: body.recovery,
      invitation: body.invitation === undefined ? undefined : bytesOf(body.invitation),
      addressPrefix: addressPrefix(ip),
      trail: deps.audit.trailOf(originOf(request)),
    });
    return { accountId: body.accountId };
  });

  contractRoute(app, login, async (request, reply) => {
    const { body, ip } = request;
    if (body.transport === 'cookie') assertOwnOrigin(request, deps.corsOrigins);
    const { content, ...pair } = await logIn(deps, {
      login: body.login,
      authKey: bytesOf(body.authKey),
      transport: body.transport,
      secondFactor: body.secondFactor,
      device: body.device,
      addressPrefix: addressPrefix(ip),
      trail: deps.audit.trailOf(originOf(request)),
    });
    return { ...content, ...tokensAnswer(deps, reply, body.transport, pair) };
  });

  contractRoute(app, rekey, async (request) => {
    const { body, ip } = request;
    return rekeyAccount(deps, actorOf(request), {
      authKey: bytesOf(body.authKey),
      newLogin: body.newLogin,
      newProfile: body.newProfile,
      newSalt: body.newSalt,
      newAuthKey: bytesOf(body.newAuthKey),
      newWrap: body.newWrap,
      newAccountState: body.newAccountState,
      ifSeq: body.ifSeq,
      addressPrefix: addressPrefix(ip),
      trail: deps.audit.trailOf(originOf(request)),
    });
  });
}

/** The contract has checked that the text is canonical base64url. */
function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}
