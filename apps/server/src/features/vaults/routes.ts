/** @file The routes of vaults and of the account state that lists them. */
import {
  CHANGES_LIMITS,
  type Changes,
  commitVault,
  createVault,
  deleteVault,
  type EntryVersion,
  getChanges,
  listEntryVersions,
  listVaults,
  replaceAccountState,
  replaceVault,
  type Sealed,
  stageEntries,
} from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { actorOf, callerOf, markProven } from '../../http/actor.ts';
import { type ContractHandler, contractRoute } from '../../http/contract-route.ts';
import { writeOf } from '../../http/idempotency-key.ts';
import { originOf } from '../../http/origin.ts';
import { pageOf } from '../../http/paging.ts';
import { ServiceError } from '../../lib/service-error.ts';
import * as rotation from './rotation-service.ts';
import * as service from './service.ts';

/** Registers the routes of vaults. */
export async function vaultsRoutes(app: FastifyInstance, deps: service.VaultsDeps): Promise<void> {
  const trailOf = (request: FastifyRequest) => deps.audit.trailOf(originOf(request));

  contractRoute(app, listVaults, async (request) => {
    const { userId } = actorOf(request);
    const vaults = await service.listOwnVaults(deps.db, userId, { withWraps: false });
    return pageOf(vaults, request.query, ({ id }) => id);
  });

  contractRoute(app, createVault, async (request) => {
    const { answer } = await deps.idempotency.once(writeOf(request), (tx) =>
      service.createVault(tx, actorOf(request).userId, request.body, trailOf(request)),
    );
    return answer;
  });

  contractRoute(app, stageEntries, async (request) => ({
    staged: await rotation.stageEntries(deps, refOf(request), request.body),
  }));

  contractRoute(app, replaceVault, (request) =>
    rotation.replaceVault(deps, refOf(request), request.body, trailOf(request)),
  );

  contractRoute(app, deleteVault, (request) => service.deleteVault(deps, refOf(request), trailOf(request)));

  const commit: ContractHandler<typeof commitVault> = async (request) => {
    // Before a repetition is answered: it must be a vault of this caller.
    const ref = refOf(request);
    const { answer } = await deps.idempotency.once(writeOf(request), (tx) =>
      service.commitVault(tx, ref, request.body, trailOf(request)),
    );
    markProven(request);
    return { revision: answer.revision, seq: answer.seq };
  };
  contractRoute(app, commitVault, commit, { provesClaim: true });

  contractRoute(app, getChanges, async (request) => {
    const { since = 0, limit = CHANGES_LIMITS.default, manifestsAfter } = request.query;
    const rows = await service.getChanges(deps, refOf(request), { since, limit, manifestsAfter });
    return toChanges(rows);
  });

  contractRoute(app, listEntryVersions, async (request) => {
    const ref = { ...refOf(request), entryId: request.params.entryId };
    const rows = await service.listEntryVersions(deps, ref);
    return pageOf(rows.map(toEntryVersion), request.query, ({ version }) => `${version}`);
  });

  contractRoute(app, replaceAccountState, async (request) => {
    const { userId } = actorOf(request);
    return { seq: await service.replaceAccountState(deps, userId, request.body.accountState) };
  });
}

/** The vault that a request names, as one of the caller's; for an API key of another vault there is none. */
function refOf(request: FastifyRequest & { readonly params: { readonly vaultId: string } }): VaultRef {
  const { userId, onlyVaultId } = callerOf(request);
  const { vaultId } = request.params;
  if (onlyVaultId !== undefined && onlyVaultId !== vaultId) throw new ServiceError('vault-not-found');
  return { ownerId: userId, vaultId };
}

type VaultRef = Parameters<typeof service.deleteVault>[1];
type ChangeRow = Awaited<ReturnType<typeof service.getChanges>>[number];
type VersionRow = Awaited<ReturnType<typeof service.listEntryVersions>>[number];

function toChanges(rows: readonly ChangeRow[]): Changes {
  const changes: Changes = {
    revision: 0,
    seq: 0,
    vkEpoch: 0,
    manifest: null,
    manifests: [],
    entries: [],
    deleted: [],
    nextSince: null,
  };
  for (const row of rows) {
    switch (row.kind) {
      case 'head':
        changes.revision = row.revision;
        changes.seq = row.seq;
        changes.vkEpoch = row.vk_epoch;
        changes.nextSince = row.page_end < row.revision ? row.page_end : null;
        break;
      case 'entry':
        changes.entries.push({ id: row.id, revision: row.revision, ...toEntryVersion(row) });
        break;
      case 'deletion':
        changes.deleted.push({ id: row.id, version: row.version });
        break;
      case 'manifest':
        changes.manifests.push(toManifest(row));
        break;
      case 'head-manifest':
        changes.manifest = toManifest(row);
        break;
    }
  }
  return changes;
}

function toEntryVersion(row: VersionRow): EntryVersion {
  return {
    version: row.version,
    vkEpoch: row.vk_epoch,
    schema: row.schema,
    ciphertext: row.ciphertext,
    iv: row.iv,
    tag: row.tag,
    updatedAt: row.updated_at.toISOString(),
  };
}

function toManifest({ ciphertext, iv, tag, seq }: Sealed): Sealed {
  return { ciphertext, iv, tag, seq };
}
