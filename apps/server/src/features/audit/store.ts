/** @file SQL of the audit log. One function, one statement; nothing here changes or removes an event. */
import { sql } from 'kysely';
import type { AuditEventRow, AuditHeadRow, Db, Tx } from '../../db/schema.ts';
import { statement } from '../../db/statement.ts';
import { ServiceError } from '../../lib/service-error.ts';

/** A chain's head under lock, and the time. */
export type LockedHead = AuditHeadRow & { readonly now: Date };

/** The log cannot be written: whatever was to be recorded must not happen. */
function unwritable(cause: unknown): ServiceError {
  return new ServiceError('unavailable', {}, { cause });
}

const lock = statement<LockedHead>(
  `with head as materialized (select * from audit_heads where chain = $1 for update)
   select *, clock_timestamp()::timestamptz(3) as now from head`,
  'alone',
  unwritable,
);

/**
 * Locks a chain until the transaction ends.
 *
 * The lock is taken in a subquery, so that the clock is read after the wait for it.
 *
 * @throws {ServiceError} `unavailable` if it cannot be had.
 */
export async function lockHead(tx: Tx, chain: number): Promise<LockedHead> {
  const [head] = await lock(tx, [chain]);
  if (head === undefined) throw unwritable(new RangeError(`the audit log has no chain ${chain}`));
  return head;
}

const append = statement(
  `with appended as (
     insert into audit_events (chain, seq, occurred_at, actor_user_id, subject_user_id, action, resource_type,
       resource_id, outcome, address_prefix, session_id, request_id, details, key_id, prev_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
   )
   update audit_heads set last_seq = $2, last_hash = $16, key_id = $14, mac = $17 where chain = $1`,
  'unawaited',
  unwritable,
);

/** Appends an event to a chain that this transaction has locked, and moves its head. */
export async function appendEvent(tx: Tx, event: AuditEventRow, mac: Uint8Array): Promise<void> {
  await append(tx, [
    event.chain,
    event.seq,
    event.occurred_at,
    event.actor_user_id,
    event.subject_user_id,
    event.action,
    event.resource_type,
    event.resource_id,
    event.outcome,
    event.address_prefix,
    event.session_id,
    event.request_id,
    JSON.stringify(event.details),
    event.key_id,
    event.prev_hash,
    event.hash,
    mac,
  ]);
}

/** The heads of all chains. */
export function listHeads(db: Db): Promise<AuditHeadRow[]> {
  return db.selectFrom('audit_heads').selectAll().orderBy('chain').execute();
}

/** Rows of a chain after a number, in their order. */
export function listChain(
  db: Db,
  chain: number,
  page: { readonly after: number; readonly limit: number },
): Promise<AuditEventRow[]> {
  return db
    .selectFrom('audit_events')
    .selectAll()
    .where('chain', '=', chain)
    .where('seq', '>', page.after)
    .orderBy('seq')
    .limit(page.limit)
    .execute();
}

/** The place of an event in the order of time. */
export interface EventPlace {
  readonly occurredAt: Date;
  readonly chain: number;
  readonly seq: number;
}

/** Which events are wished for; absent is any. */
export interface EventFilter {
  readonly action?: string | undefined;
  readonly actorId?: string | undefined;
  readonly subjectId?: string | undefined;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

/** Events, newest first. @param page.before the place after which (in the past) the page begins. */
export function listEvents(
  db: Db,
  filter: EventFilter,
  page: { readonly before: EventPlace | undefined; readonly limit: number },
): Promise<AuditEventRow[]> {
  const { action, actorId, subjectId, from, to } = filter;
  const { before } = page;
  return db
    .selectFrom('audit_events')
    .selectAll()
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
    .$if(actorId !== undefined, (query) => query.where('actor_user_id', '=', actorId ?? ''))
    .$if(subjectId !== undefined, (query) => query.where('subject_user_id', '=', subjectId ?? ''))
    .$if(from !== undefined, (query) => query.where(sql<boolean>`occurred_at >= ${from}::timestamptz`))
    .$if(to !== undefined, (query) => query.where(sql<boolean>`occurred_at < ${to}::timestamptz`))
    .$if(before !== undefined, (query) =>
      query.where(
        sql<boolean>`(occurred_at, chain, seq) <
          (${before?.occurredAt}::timestamptz, ${before?.chain}::smallint, ${before?.seq}::bigint)`,
      ),
    )
    .orderBy('occurred_at', 'desc')
    .orderBy('chain', 'desc')
    .orderBy('seq', 'desc')
    .limit(page.limit)
    .execute();
}
