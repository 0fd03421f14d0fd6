/** @file What asks a session for the key again: reading and rotating the account's keys, and its end. */
import { deleteOwnUser, getKeyMaterial, rotateKeys } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { addressPrefix } from '../../lib/address-prefix.ts';
import { deleteOwnAccount } from './delete-account.ts';
import { readKeyMaterial } from './key-material.ts';
import { rotateAccountKey } from './rotate-keys.ts';
import type { AuthDeps } from './service.ts';

/** Serves reading and rotating the keys of the own account, and its deletion. */
export async function accountRoutes(app: FastifyInstance, deps: AuthDeps): Promise<void> {
  const proofOf = (request: FastifyRequest & { readonly body: { readonly authKey: string } }) => ({
    authKey: new Uint8Array(Buffer.from(request.body.authKey, 'base64url')),
    addressPrefix: addressPrefix(request.ip),
    trail: deps.audit.trailOf(originOf(request)),
  });

  contractRoute(app, getKeyMaterial, (request) => readKeyMaterial(deps, actorOf(request), proofOf(request)));

  contractRoute(app, rotateKeys, (request) => {
    const { akEpoch, wrap, accountState, ifSeq, vaults, recovery } = request.body;
    const next = { akEpoch, wrap, accountState, ifSeq, vaults, recovery };
    return rotateAccountKey(deps, actorOf(request), { ...next, ...proofOf(request) });
  });

  contractRoute(app, deleteOwnUser, (request) => deleteOwnAccount(deps, actorOf(request), proofOf(request)));
}
