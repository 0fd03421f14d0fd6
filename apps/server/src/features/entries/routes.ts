/** @file The routes of the plain surface. */
import {
  createEntry,
  deleteEntry,
  type Entry,
  getEntry,
  listEntries,
  PAGE_LIMITS,
  replaceEntry,
} from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf, claimOf, markProven } from '../../http/actor.ts';
import { type ContractHandler, contractRoute } from '../../http/contract-route.ts';
import { writeOf } from '../../http/idempotency-key.ts';
import { originOf } from '../../http/origin.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { etagOf, versionOfIfMatch } from './etag.ts';
import * as service from './service.ts';

type EntryRow = Awaited<ReturnType<typeof service.getEntry>>;

/** Registers the routes of the plain surface. */
export async function entriesRoutes(app: FastifyInstance, deps: service.EntriesDeps): Promise<void> {
  const trailOf = (request: FastifyRequest) => deps.audit.trailOf(originOf(request));

  const addEntry: ContractHandler<typeof createEntry> = async (request, reply) => {
    const { answer } = await deps.idempotency.once(writeOf(request), async (tx) => {
      const row = await service.createEntry(tx, refOf(request), request.body, trailOf(request));
      // Without the envelope: whoever repeats a request sends it again, so it need not be kept twice.
      const { ciphertext: _ciphertext, iv: _iv, tag: _tag, ...rest } = toEntry(row);
      return rest;
    });
    markProven(request);
    reply.header('location', `/api/v1/entries/${answer.id}`).header('etag', etagOf(answer.version));
    const { ciphertext, iv, tag } = request.body;
    return { ...answer, ciphertext, iv, tag };
  };
  contractRoute(app, createEntry, addEntry, { provesClaim: true });

  contractRoute(app, listEntries, async (request) => {
    const { limit = PAGE_LIMITS.default, cursor } = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const { items, nextAfter } = await service.listEntries(deps, refOf(request), { after, limit });
    return {
      items: items.map(toEntry),
      nextCursor: nextAfter === undefined ? null : encodeCursor(nextAfter),
    };
  });

  const readEntry: ContractHandler<typeof getEntry> = async (request, reply) => {
    const { id: entryId } = request.params;
    const claim = claimOf(request);
    const row = await (claim === undefined
      ? service.getEntry(deps, { ...refOf(request), entryId })
      : service.getEntryOf(deps, claim, entryId));
    markProven(request);
    reply.header('etag', etagOf(row.version));
    return toEntry(row);
  };
  contractRoute(app, getEntry, readEntry, { provesClaim: true });

  const putEntry: ContractHandler<typeof replaceEntry> = async (request, reply) => {
    const ref = { ...refOf(request), entryId: request.params.id, claim: claimOf(request) };
    const version = versionOfIfMatch(request.headers['if-match']);
    const row = await service.replaceEntry(deps, ref, { version, envelope: request.body }, trailOf(request));
    markProven(request);
    reply.header('etag', etagOf(row.version));
    return toEntry(row);
  };
  contractRoute(app, replaceEntry, putEntry, { provesClaim: true });

  const removeEntry: ContractHandler<typeof deleteEntry> = async (request) => {
    const ref = { ...refOf(request), entryId: request.params.id, claim: claimOf(request) };
    const version = versionOfIfMatch(request.headers['if-match']);
    await service.deleteEntry(deps, ref, { version }, trailOf(request));
    markProven(request);
  };
  contractRoute(app, deleteEntry, removeEntry, { provesClaim: true });
}

/** The default vault of the caller. */
function refOf(request: FastifyRequest) {
  const { userId, onlyVaultId } = callerOf(request);
  return { ownerId: userId, onlyVaultId };
}

function toEntry(row: EntryRow): Entry {
  return {
    id: row.id,
    version: row.version,
    vkEpoch: row.vk_epoch,
    schema: row.schema,
    ciphertext: row.ciphertext,
    iv: row.iv,
    tag: row.tag,
    revision: row.revision,
    updatedAt: row.updated_at.toISOString(),
  };
}
