/**
 * @file What chains audit events: an HMAC over every column of a row, and over the head of its chain.
 * [Note: Audit chain] A row's hash covers its chain, its number and the hash of the row before it, so none
 * can be changed, moved, inserted or removed without the key, which the database does not have. The head
 * says how many rows there are, under an HMAC of its own: cutting the end off shows, unless an older head
 * is put back with it, which only a head noted elsewhere can tell.
 */
import { AuditDetails } from '@zkvault/contract';
import type { AuditEventRow, AuditHeadRow } from '../../db/schema.ts';
import { authenticate, type Subkey } from '../../lib/key-ring.ts';

/** How many chains there are; one account's events are all in one. */
export const AUDIT_CHAINS = 16;

/** A row before its hash is known. */
export type UnhashedEvent = Omit<AuditEventRow, 'hash'>;

/** The hash of a row: HMAC-SHA-256 over all its columns but itself, 32 bytes. */
export function hashEvent(key: Subkey, row: UnhashedEvent): Uint8Array {
  return authenticate(
    key,
    'audit event 1',
    String(row.chain),
    String(row.seq),
    row.occurred_at.toISOString(),
    nullable(row.actor_user_id),
    nullable(row.subject_user_id),
    row.action,
    nullable(row.resource_type),
    nullable(row.resource_id),
    row.outcome,
    nullable(row.address_prefix),
    nullable(row.session_id),
    nullable(row.request_id),
    canonicalJson(row.details),
    row.key_id,
    row.prev_hash,
  );
}

/** The MAC of a chain's head, 32 bytes. */
export function macHead(
  key: Subkey,
  head: Pick<AuditHeadRow, 'chain' | 'last_seq' | 'last_hash'>,
): Uint8Array {
  return authenticate(key, 'audit head 1', String(head.chain), String(head.last_seq), head.last_hash);
}

/** Which chain holds the events of an account, or of a login that is nobody's. */
export function chainOf(key: Subkey, subject: string): number {
  return (authenticate(key, 'audit chain', subject)[0] ?? 0) % AUDIT_CHAINS;
}

/** 22 characters that stand for a login: the same for the same one, and of no use without the key. */
export function loginPseudonym(key: Subkey, login: string): string {
  return Buffer.from(authenticate(key, 'audit login', login))
    .subarray(0, 16)
    .toString('base64url');
}

const DETAIL_TEXT = /^[A-Za-z0-9_-]{1,32}$/;
const knownKeys: ReadonlySet<string> = new Set(Object.keys(AuditDetails.properties));

/**
 * The details, if they are such as may be kept: keys of the contract, counts, and texts of 1 to 32
 * characters of `A-Za-z0-9_-`, too few for any key or token.
 *
 * @throws {RangeError} a key that is not on the list, or a value that could be more than a count or a code.
 */
export function checkedDetails(details: AuditDetails): AuditDetails {
  for (const [key, value] of Object.entries(details)) {
    if (!knownKeys.has(key)) throw new RangeError('audit details have a key that is not on the list');
    const fits =
      typeof value === 'string'
        ? DETAIL_TEXT.test(value)
        : typeof value === 'boolean' || Number.isSafeInteger(value);
    if (!fits) throw new RangeError(`audit detail ${key} is neither a short code nor a count`);
  }
  return details;
}

/** Null and the empty text are two things. */
function nullable(value: string | null): string {
  return value === null ? '' : `=${value}`;
}

/** jsonb keeps keys in an order of its own. */
function canonicalJson(details: unknown): string {
  if (typeof details !== 'object' || details === null) return JSON.stringify(details);
  return JSON.stringify(Object.entries(details).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
