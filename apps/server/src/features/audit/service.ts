/**
 * @file The audit log as other features see it: they record what they do in the transaction that does it.
 * An event that cannot be written refuses the change: nothing goes unlogged.
 */
import type { AuditAction, AuditDetails } from '@zkvault/contract';
import type { AuditEventRow, Db, Tx } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import { OPERATOR, type RequestOrigin } from '../../lib/request-origin.ts';
import { chainOf, checkedDetails, hashEvent, loginPseudonym, macHead } from './event-hash.ts';
import { appendEvent, type LockedHead, lockHead } from './store.ts';

/** What happened. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly outcome: 'success' | 'failure';
  /** The account it happened to, or the login that somebody tried and that is nobody's. */
  readonly subject: { readonly userId: string } | { readonly unknownLogin: string };
  /** The account that did it, where that is not the one whose session asks. */
  readonly actorId?: string;
  /** The session it belongs to, where that is not the one that asks. */
  readonly sessionId?: string;
  readonly resource?: { readonly type: 'vault' | 'session' | 'api-key'; readonly id: string };
  readonly details?: Omit<AuditDetails, 'login' | 'apiKey'>;
}

/** Records what one request, or one command, does. */
export interface Trail {
  /**
   * Records an event; it is there exactly if the transaction commits. It locks the account's chain until
   * then: call it last, so that whoever holds a chain waits for nothing else.
   *
   * @throws {ServiceError} `unavailable` if it cannot be written; the transaction must then fail.
   */
  record(tx: Tx, entry: AuditEntry): Promise<void>;
  /** Records what changes nothing else, in a transaction of its own. @throws as {@link Trail.record}. */
  recordAlone(db: Db, entry: AuditEntry): Promise<void>;
}

/** Opens trails. */
export interface Audit {
  trailOf(origin: RequestOrigin): Trail;
  /** The trail of the server's command line. */
  readonly operator: Trail;
}

/** Makes the audit log. */
export function makeAudit(keyRing: KeyRing): Audit {
  const trailOf = (origin: RequestOrigin): Trail => {
    const trail: Trail = {
      async record(tx, entry) {
        const subject = 'userId' in entry.subject ? entry.subject.userId : entry.subject.unknownLogin;
        // The oldest key, so that an account stays in its chain when the ring gets a new one.
        const chain = chainOf(keyRing.oldest('audit'), subject);
        const details = checkedDetails(detailsOf(keyRing, origin, entry));
        const head = await lockHead(tx, chain);
        await append(keyRing, tx, head, columnsOf(origin, entry, details));
      },
      recordAlone: (db, entry) => db.transaction().execute((tx) => trail.record(tx, entry)),
    };
    return trail;
  };
  return { trailOf, operator: trailOf(OPERATOR) };
}

type EventColumns = Omit<AuditEventRow, 'chain' | 'seq' | 'occurred_at' | 'key_id' | 'prev_hash' | 'hash'>;

function detailsOf(
  keyRing: KeyRing,
  { apiKeyId }: RequestOrigin,
  { subject, details: told = {} }: AuditEntry,
): AuditDetails {
  const details = apiKeyId === undefined ? told : { ...told, apiKey: apiKeyId.replaceAll('-', '') };
  if ('userId' in subject) return details;
  return { ...details, login: loginPseudonym(keyRing.oldest('audit'), subject.unknownLogin) };
}

function columnsOf(origin: RequestOrigin, entry: AuditEntry, details: AuditDetails): EventColumns {
  return {
    actor_user_id: entry.actorId ?? origin.userId,
    subject_user_id: 'userId' in entry.subject ? entry.subject.userId : null,
    action: entry.action,
    resource_type: entry.resource?.type ?? null,
    resource_id: entry.resource?.id ?? null,
    outcome: entry.outcome,
    address_prefix: origin.addressPrefix,
    session_id: entry.sessionId ?? origin.sessionId,
    request_id: origin.requestId,
    details,
  };
}

async function append(keyRing: KeyRing, tx: Tx, head: LockedHead, columns: EventColumns): Promise<void> {
  const key = keyRing.newest('audit');
  const row = {
    ...columns,
    chain: head.chain,
    seq: head.last_seq + 1,
    occurred_at: head.now,
    key_id: key.id,
    prev_hash: head.last_hash,
  };
  const event: AuditEventRow = { ...row, hash: hashEvent(key, row) };
  const mac = macHead(key, { chain: event.chain, last_seq: event.seq, last_hash: event.hash });
  await appendEvent(tx, event, mac);
}
