/** Whoever owns the database can change every table; what he cannot do is change the log unseen. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditRows } from '../../../test/audit-rows.ts';
import { openTestDatabase } from '../../../test/test-database.ts';
import { testKeyRing } from '../../../test/test-server.ts';
import type { Connection } from '../../db/connect.ts';
import { makeKeyRing } from '../../lib/key-ring.ts';
import { type AuditEntry, makeAudit } from './service.ts';
import { type NotedHead, verifyAudit } from './verify-service.ts';

const userId = randomUUID();
const audit = makeAudit(testKeyRing);

let connection: Connection;
let chain: number;

beforeAll(async () => {
  connection = await openTestDatabase();
  await sql`create table first_heads as table audit_heads`.execute(connection.db);
});
afterAll(() => connection.close());

beforeEach(async () => {
  await tamper(
    'delete from audit_events',
    'delete from audit_heads',
    'insert into audit_heads table first_heads',
  );
  for (let count = 0; count < 6; count += 1) await record();
  chain = (await auditRows(connection.db))[0]?.chain ?? -1;
});

function record(change: Partial<AuditEntry> = {}): Promise<void> {
  const trail = audit.trailOf({
    userId,
    sessionId: randomUUID(),
    addressPrefix: '192.0.2.0/24',
    requestId: randomUUID(),
  });
  const resource = { type: 'vault', id: randomUUID() } as const;
  return trail.recordAlone(connection.db, {
    action: 'commit',
    outcome: 'success',
    subject: { userId },
    resource,
    details: { seq: 3, puts: 2, deletions: 1 },
    ...change,
  });
}

/** As the owner of the tables, who can take the guard rail down. */
async function tamper(...statements: readonly string[]): Promise<void> {
  const { db } = connection;
  for (const table of ['audit_events', 'audit_heads'])
    await sql.raw(`alter table ${table} disable trigger user`).execute(db);
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of ['audit_events', 'audit_heads'])
    await sql.raw(`alter table ${table} enable trigger user`).execute(db);
}

async function faults(noted?: readonly NotedHead[]) {
  const options = { batch: 2, ...(noted === undefined ? {} : { noted }) };
  return (await verifyAudit(connection.db, testKeyRing, options)).faults;
}

describe('a log as it was written', () => {
  it('is found whole, in whatever batches it is read', async () => {
    for (const batch of [1, 5, 6, 7]) {
      const verdict = await verifyAudit(connection.db, testKeyRing, { batch });

      expect(verdict).toMatchObject({ rows: 6, faults: [] });
      expect(verdict.heads).toHaveLength(16);
    }
  });

  it('has numbers without gaps, also where a transaction failed', async () => {
    const failing = connection.db.transaction().execute(async (tx) => {
      await audit.operator.record(tx, { action: 'rekey', outcome: 'success', subject: { userId } });
      throw new RangeError('after the event');
    });

    await expect(failing).rejects.toThrow(RangeError);
    await record();

    expect((await auditRows(connection.db)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await faults()).toEqual([]);
  });

  it('goes on under a new key, and is verified as long as the ring has the old one', async () => {
    const [young, old] = [
      { id: 'young', secret: new Uint8Array(32).fill(9) },
      { id: 'test', secret: new Uint8Array(32).fill(7) },
    ];
    const rotated = makeKeyRing([young, old]);
    const entry = { action: 'commit', outcome: 'success', subject: { userId } } as const;

    await makeAudit(rotated).operator.recordAlone(connection.db, entry);

    expect((await auditRows(connection.db)).map((row) => [row.chain, row.key_id]).at(-1)).toEqual([
      chain,
      'young',
    ]);
    expect(await verifyAudit(connection.db, rotated)).toMatchObject({ rows: 7, faults: [] });
    expect((await verifyAudit(connection.db, makeKeyRing([young]))).faults).toEqual([
      { chain, seq: 1, what: 'key-not-in-the-ring' },
    ]);
  });
});

describe('an audit log that was tampered with', () => {
  it.for([
    ['occurred_at', `occurred_at + interval '1 millisecond'`],
    ['actor_user_id', 'gen_random_uuid()'],
    ['actor_user_id', 'null'],
    ['subject_user_id', 'gen_random_uuid()'],
    ['action', `'login'`],
    ['outcome', `'failure'`],
    ['resource_id', 'gen_random_uuid()'],
    ['resource_type', `'session'`],
    ['address_prefix', `'192.0.3.0/24'`],
    ['session_id', 'null'],
    ['request_id', 'null'],
    ['details', `'{"seq":3,"puts":2,"deletions":0}'`],
    ['details', `'{}'`],
    ['prev_hash', `decode(repeat('11', 32), 'hex')`],
    ['hash', `decode(repeat('11', 32), 'hex')`],
  ] as const)('shows a changed %s (%s)', async ([column, value]) => {
    await tamper(`update audit_events set ${column} = ${value} where seq = 4`);

    expect(await faults()).toEqual([{ chain, seq: 4, what: 'changed' }]);
  });

  it('shows a removed row, first and in the middle', async () => {
    await tamper('delete from audit_events where seq = 3');

    expect(await faults()).toEqual([{ chain, seq: 3, what: 'missing' }]);
    await tamper('delete from audit_events where seq = 1');

    expect(await faults()).toEqual([{ chain, seq: 1, what: 'missing' }]);
  });

  it('shows a removed row behind which the numbers were closed up', async () => {
    await tamper(
      'delete from audit_events where seq = 3',
      'update audit_events set seq = seq - 1 where seq = 4',
      'update audit_events set seq = seq - 1 where seq = 5',
      'update audit_events set seq = seq - 1 where seq = 6',
    );

    expect(await faults()).toEqual([{ chain, seq: 3, what: 'changed' }]);
  });

  it('shows two rows that changed places', async () => {
    await tamper(
      'update audit_events set seq = 100 where seq = 2',
      'update audit_events set seq = 2 where seq = 3',
      'update audit_events set seq = 3 where seq = 100',
    );

    expect(await faults()).toEqual([{ chain, seq: 2, what: 'changed' }]);
  });

  it('shows a row moved to another chain', async () => {
    const other = (chain + 1) % 16;
    await tamper(`update audit_events set chain = ${other}, seq = 1 where seq = 1`);

    expect(await faults()).toContainEqual({ chain: other, seq: 1, what: 'changed' });
    expect(await faults()).toContainEqual({ chain, seq: 1, what: 'missing' });
  });

  it('shows a row copied to the end', async () => {
    await tamper(
      `insert into audit_events
       select chain, 7, occurred_at, actor_user_id, subject_user_id, action, resource_type, resource_id, outcome,
         address_prefix, session_id, request_id, details, key_id, prev_hash, hash
       from audit_events where seq = 6`,
    );

    expect(await faults()).toEqual([{ chain, seq: 7, what: 'changed' }]);
  });

  it('shows an end that was cut off', async () => {
    await tamper('delete from audit_events where seq > 4');

    expect(await faults()).toEqual([{ chain, seq: 5, what: 'cut-off' }]);
  });

  it('shows an end that was cut off with the head set back', async () => {
    await tamper(
      'delete from audit_events where seq > 4',
      `update audit_heads set last_seq = 4, last_hash = event.hash
       from audit_events event where event.chain = audit_heads.chain and event.seq = 4`,
    );

    expect(await faults()).toEqual([{ chain, seq: 4, what: 'head-changed' }]);
  });

  it('shows an older head that was put back, and a row beyond it', async () => {
    const [before] = await connection.db
      .selectFrom('audit_heads')
      .selectAll()
      .where('chain', '=', chain)
      .execute();
    await record();
    await connection.db
      .updateTable('audit_heads')
      .set(before ?? {})
      .where('chain', '=', chain)
      .execute();

    expect(await faults()).toEqual([{ chain, seq: 7, what: 'beyond-the-head' }]);
  });

  it('shows a head that is gone', async () => {
    await tamper(`delete from audit_heads where chain = ${chain}`);

    expect(await faults()).toEqual([{ chain, seq: 6, what: 'head-missing' }]);
  });

  it('shows a chain that was emptied, to whoever noted its head', async () => {
    const { heads } = await verifyAudit(connection.db, testKeyRing);
    await record();

    expect(await faults(heads)).toEqual([]);
    await tamper(
      'delete from audit_events',
      `update audit_heads set last_seq = 0, last_hash = decode(repeat('00', 32), 'hex'), key_id = null, mac = null`,
    );

    expect(await faults()).toEqual([]);
    expect(await faults(heads)).toEqual([{ chain, seq: 1, what: 'cut-off' }]);
  });
});

describe('the guard rail', () => {
  it.for([
    `update audit_events set action = 'login'`,
    'delete from audit_events',
    'truncate audit_events',
    'delete from audit_heads',
    'truncate audit_heads',
  ])('refuses %s', async (statement) => {
    await expect(sql.raw(statement).execute(connection.db)).rejects.toThrow('append-only');
  });
});

describe('details', () => {
  it.for([
    ['a key that is not on the list', { password: 'x' }],
    ['a text as long as a key', { reason: 'A'.repeat(33) }],
    ['an e-mail address', { reason: 'ada@example.com' }],
    ['no text', { reason: '' }],
    ['a fraction', { puts: 1.5 }],
    ['a document', { reason: { a: 1 } }],
  ] as const)('are refused with %s', async ([, details]) => {
    await expect(record({ details: details as AuditEntry['details'] & {} })).rejects.toThrow(RangeError);
  });

  it('may be a code of 32 characters', async () => {
    await record({ details: { reason: 'A'.repeat(32) } });

    expect(await faults()).toEqual([]);
  });
});
