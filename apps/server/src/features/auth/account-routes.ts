/** @file The route that ends an account, which asks for its key. */
import { deleteOwnUser } from '@zkvault/contract';
import type { FastifyInstance } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import { deleteOwnAccount } from './delete-account.ts';
import type { AuthDeps } from './service.ts';

/** Serves the deletion of the own account. */
export async function accountRoutes(app: FastifyInstance, deps: AuthDeps): Promise<void> {
  contractRoute(app, deleteOwnUser, async (request) => {
    await deleteOwnAccount(deps, actorOf(request), {
      authKey: new Uint8Array(Buffer.from(request.body.authKey, 'base64url')),
      addressPrefix: addressPrefix(request.ip),
      trail: deps.audit.trailOf(originOf(request)),
    });
  });
}
