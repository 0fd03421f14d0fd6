/** @file Walks the chains of the audit log and finds the first row that is not as it was written. */
import type { AuditEventRow, AuditHeadRow, Db } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import { AUDIT_CHAINS, hashEvent, macHead } from './event-hash.ts';
import { listChain, listHeads } from './store.ts';

/** What is wrong at one place of one chain. */
export interface AuditFault {
  readonly chain: number;
  /** The row's number; of a missing row, the number it had. */
  readonly seq: number;
  readonly what:
    | 'changed'
    | 'missing'
    | 'not-after-the-row-before'
    | 'cut-off'
    | 'beyond-the-head'
    | 'head-changed'
    | 'head-missing'
    | 'key-not-in-the-ring'
    | 'not-as-noted';
}

/** The last row of a chain, to be kept somewhere else and compared later. */
export interface NotedHead {
  readonly chain: number;
  readonly seq: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** What a walk found. */
export interface AuditVerdict {
  /** How many rows were looked at. */
  readonly rows: number;
  /** The first fault of each chain that has one. */
  readonly faults: readonly AuditFault[];
  readonly heads: readonly NotedHead[];
}

/** How to walk. */
export interface VerifyOptions {
  /** Heads of an earlier walk; each must still be in its chain. */
  readonly noted?: readonly NotedHead[];
  /** Called after each batch with the number of rows so far. */
  readonly onProgress?: (rows: number) => void;
  /** Rows read at once; 1,000 if absent. */
  readonly batch?: number;
}

const NO_HASH = '00'.repeat(32);

/** Verifies every chain, in one snapshot, while others go on writing. */
export function verifyAudit(db: Db, keyRing: KeyRing, options: VerifyOptions = {}): Promise<AuditVerdict> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const heads = new Map((await listHeads(tx)).map((head) => [head.chain, head]));
      const faults: AuditFault[] = [];
      let rows = 0;
      for (let chain = 0; chain < AUDIT_CHAINS; chain += 1) {
        const walk = startWalk(keyRing, chain, options.noted ?? []);
        for await (const row of rowsOf(tx, chain, options.batch ?? 1_000)) {
          walk.see(row);
          rows += 1;
          if (rows % 1_000 === 0) options.onProgress?.(rows);
        }
        const fault = walk.end(heads.get(chain));
        if (fault !== undefined) faults.push(fault);
      }
      options.onProgress?.(rows);
      return { rows, faults, heads: [...heads.values()].map(toNotedHead) };
    });
}

async function* rowsOf(db: Db, chain: number, limit: number): AsyncGenerator<AuditEventRow> {
  let after = -1;
  for (;;) {
    const page = await listChain(db, chain, { after, limit });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    after = last.seq;
  }
}

/** Looks at the rows of one chain in their order. */
interface Walk {
  see(row: AuditEventRow): void;
  /** The first fault, if there is one. */
  end(head: AuditHeadRow | undefined): AuditFault | undefined;
}

function startWalk(keyRing: KeyRing, chain: number, noted: readonly NotedHead[]): Walk {
  const expected = new Map(
    noted.filter((head) => head.chain === chain && head.seq > 0).map(({ seq, hash }) => [seq, hash]),
  );
  let seq = 0;
  let hash = NO_HASH;
  let fault: AuditFault | undefined;
  const note = (at: number, what: AuditFault['what'] | undefined): void => {
    if (what !== undefined) fault ??= { chain, seq: at, what };
  };
  return {
    see(row) {
      if (row.seq !== seq + 1) note(seq + 1, 'missing');
      note(row.seq, faultOfRow(keyRing, row, hash));
      seq = row.seq;
      hash = hexOf(row.hash);
      const wished = expected.get(seq);
      if (wished !== undefined && wished !== hash) note(seq, 'not-as-noted');
    },
    end(head) {
      if (head === undefined) note(seq, 'head-missing');
      else {
        if (head.last_seq > seq) note(seq + 1, 'cut-off');
        if (head.last_seq < seq) note(head.last_seq + 1, 'beyond-the-head');
        note(head.last_seq, faultOfHead(keyRing, head, hash));
      }
      const cut = [...expected.keys()].filter((wished) => wished > seq);
      if (cut.length > 0) note(seq + 1, 'cut-off');
      return fault;
    },
  };
}

function faultOfRow(
  keyRing: KeyRing,
  row: AuditEventRow,
  hashBefore: string,
): AuditFault['what'] | undefined {
  const key = keyRing.find('audit', row.key_id);
  if (key === undefined) return 'key-not-in-the-ring';
  if (hexOf(hashEvent(key, row)) !== hexOf(row.hash)) return 'changed';
  return hexOf(row.prev_hash) === hashBefore ? undefined : 'not-after-the-row-before';
}

function faultOfHead(keyRing: KeyRing, head: AuditHeadRow, lastHash: string): AuditFault['what'] | undefined {
  if (hexOf(head.last_hash) !== lastHash) return 'head-changed';
  if (head.last_seq === 0) return undefined;
  const key = head.key_id === null ? undefined : keyRing.find('audit', head.key_id);
  if (key === undefined) return 'key-not-in-the-ring';
  return head.mac !== null && hexOf(macHead(key, head)) === hexOf(head.mac) ? undefined : 'head-changed';
}

function toNotedHead({ chain, last_seq, last_hash }: AuditHeadRow): NotedHead {
  return { chain, seq: last_seq, hash: hexOf(last_hash) };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
