/** @file Reading the audit log: an account its own events, an administrator everybody's. */
import type { AuditEvent } from '@zkvault/contract';
import type { AuditEventRow, Db } from '../../db/schema.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type EventFilter, listEvents } from './store.ts';

/** What reading needs. */
export interface AuditReadDeps {
  readonly db: Db;
}

/** A page of events, newest first. */
export interface AuditPage {
  readonly items: AuditEvent[];
  readonly nextCursor: string | null;
}

/** Where a page begins, and how long it may be. */
export interface PageWish {
  /** Untrusted. */
  readonly cursor: string | undefined;
  readonly limit: number;
}

/**
 * What happened to an account, as its owner may see it.
 *
 * @throws {ServiceError} `request-invalid` for a cursor that is none.
 */
export async function listOwnEvents(deps: AuditReadDeps, userId: string, wish: PageWish): Promise<AuditPage> {
  const { items, nextCursor } = await listAllEvents(deps, { subjectId: userId }, wish);
  return { items: items.map((event) => withoutStrangersPlace(event, userId)), nextCursor };
}

/**
 * Everybody's events; the caller has been permitted to see them.
 *
 * @throws {ServiceError} `request-invalid` for a cursor that is none.
 */
export async function listAllEvents(
  { db }: AuditReadDeps,
  filter: EventFilter,
  { cursor, limit }: PageWish,
): Promise<AuditPage> {
  const before = cursor === undefined ? undefined : decodeCursor(cursor);
  // One more than asked for tells whether there is a next page.
  const rows = await listEvents(db, filter, { before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor =
    last === undefined || rows.length === page.length
      ? null
      : encodeCursor({ occurredAt: last.occurred_at, chain: last.chain, seq: last.seq });
  return { items: page.map(toEvent), nextCursor };
}

/** Where an administrator was when he changed the account is his own affair. */
function withoutStrangersPlace(event: AuditEvent, userId: string): AuditEvent {
  if (event.actorId === null || event.actorId === userId) return event;
  return { ...event, addressPrefix: null, sessionId: null };
}

function toEvent(row: AuditEventRow): AuditEvent {
  return {
    id: `${row.chain}-${row.seq}`,
    occurredAt: row.occurred_at.toISOString(),
    action: row.action,
    outcome: row.outcome,
    actorId: row.actor_user_id,
    subjectId: row.subject_user_id,
    resource:
      row.resource_type === null || row.resource_id === null
        ? null
        : { type: row.resource_type, id: row.resource_id },
    addressPrefix: row.address_prefix,
    sessionId: row.session_id,
    requestId: row.request_id,
    details: row.details,
  };
}
