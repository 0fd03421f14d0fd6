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
import { actorOf } from '../../http/actor.ts';
import { contractRoute } from '../../http/contract-route.ts';
import { originOf } from '../../http/origin.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { etagOf, versionOfIfMatch } from './etag.ts';
import * as service from './service.ts';

type EntryRow = Awaited<ReturnType<typeof service.getEntry>>;

/** Registers the routes of the plain surface. */
export async function entriesRoutes(app: FastifyInstance, deps: service.EntriesDeps): Promise<void> {
  const trailOf = (request: FastifyRequest) => deps.audit.trailOf(originOf(request));

  contractRoute(app, createEntry, async (request, reply) => {
    const row = await service.createEntry(deps, actorOf(request).userId, request.body, trailOf(request));
    reply.header('location', `/api/v1/entries/${row.id}`).header('etag', etagOf(row.version));
    return toEntry(row);
  });

  contractRoute(app, listEntries, async (request) => {
    const { limit = PAGE_LIMITS.default, cursor } = request.query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const { items, nextAfter } = await service.listEntries(deps, actorOf(request).userId, { after, limit });
    return {
      items: items.map(toEntry),
      nextCursor: nextAfter === undefined ? null : encodeCursor(nextAfter),
    };
  });

  contractRoute(app, getEntry, async (request, reply) => {
    const ref = { ownerId: actorOf(request).userId, entryId: request.params.id };
    const row = await service.getEntry(deps, ref);
    reply.header('etag', etagOf(row.version));
    return toEntry(row);
  });

  contractRoute(app, replaceEntry, async (request, reply) => {
    const ref = { ownerId: actorOf(request).userId, entryId: request.params.id };
    const version = versionOfIfMatch(request.headers['if-match']);
    const row = await service.replaceEntry(deps, ref, { version, envelope: request.body }, trailOf(request));
    reply.header('etag', etagOf(row.version));
    return toEntry(row);
  });

  contractRoute(app, deleteEntry, async (request) => {
    const ref = { ownerId: actorOf(request).userId, entryId: request.params.id };
    const version = versionOfIfMatch(request.headers['if-match']);
    await service.deleteEntry(deps, ref, { version }, trailOf(request));
  });
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
