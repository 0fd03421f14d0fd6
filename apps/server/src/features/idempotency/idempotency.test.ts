import { randomUUID } from 'node:crypto';
import { IDEMPOTENCY_KEY, type Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { mustBe, vaultApi } from '../../../test/vault-api.ts';
import { anEnvelope, aPut, aVault } from '../../../test/vault-values.ts';
import { removeExpiredKeys } from './service.ts';

let server: TestServer;
let account: TestAccount;
let vaultId: string;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function givenAccount(): Promise<void> {
  account = await server.givenAccount('admin');
  vaultId = await vaultApi(server, account).givenVault('none');
}

const post = (
  path: string,
  payload: object,
  key?: string,
  as: TestAccount = account,
): Promise<LightMyRequestResponse> =>
  server.send({
    method: 'POST',
    url: `/api/v1${path}`,
    payload,
    as,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });

const codeOf = (response: LightMyRequestResponse): string => response.json<Problem>().code;
const commitOf = (baseSeq: number): object => ({ baseSeq, operations: [aPut(randomUUID(), 1)] });

/** Every row of the accounts' data, but for the audit log. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  for (const table of ['vaults', 'entries', 'invitations'] as const) {
    const { rows } = await sql<{ text: string }>`
      select to_jsonb(row)::text as text from ${sql.table(table)} as row order by 1`.execute(server.db);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

const creating: readonly (readonly [string, () => { path: string; body: object; otherBody: object }])[] = [
  [
    'a vault',
    () => ({ path: '/vaults', body: { vault: aVault('manifest') }, otherBody: { vault: aVault('none') } }),
  ],
  ['a commit', () => ({ path: `/vaults/${vaultId}/commits`, body: commitOf(0), otherBody: commitOf(0) })],
  ['an entry', () => ({ path: '/entries', body: anEnvelope(), otherBody: anEnvelope() })],
  ['an invitation', () => ({ path: '/users', body: { role: 'viewer' }, otherBody: { role: 'user' } })],
];

describe.for(creating)('the same request for %s', ([, make]) => {
  it('with the same key gets the same answer, and nothing is done again', async () => {
    await givenAccount();
    const { path, body } = make();
    const key = randomUUID();

    const first = await post(path, body, key);
    const before = await everything();
    const second = await post(path, body, key);

    expect(first.statusCode).toBeLessThan(300);
    expect(second.statusCode).toBe(first.statusCode);
    expect(second.json()).toEqual(first.json());
    for (const name of ['etag', 'location']) expect(second.headers[name]).toBe(first.headers[name]);
    expect(await everything()).toBe(before);
  });

  it('with the same key and another body is refused, and nothing is done', async () => {
    await givenAccount();
    const { path, body, otherBody } = make();
    const key = randomUUID();
    await post(path, body, key);
    const before = await everything();

    const other = await post(path, otherBody, key);

    expect([other.statusCode, codeOf(other)]).toEqual([422, 'idempotency-key-reused']);
    expect(await everything()).toBe(before);
  });
});

describe('a key', () => {
  it('belongs to one account and one operation', async () => {
    await givenAccount();
    const key = randomUUID();
    const stranger = await server.givenAccount();
    const body = { vault: aVault('none') };

    const first = await post('/vaults', body, key);
    const ofStranger = await post('/vaults', body, key, stranger);
    const commit = await post(`/vaults/${vaultId}/commits`, commitOf(0), key);

    expect(first.statusCode).toBe(201);
    // Not the answer of the first: the id is taken.
    expect([ofStranger.statusCode, codeOf(ofStranger)]).toEqual([409, 'conflict']);
    expect(commit.statusCode).toBe(200);
  });

  it('belongs to one path', async () => {
    await givenAccount();
    const other = await vaultApi(server, account).givenVault('none');
    const key = randomUUID();
    const body = commitOf(0);

    await post(`/vaults/${vaultId}/commits`, body, key);
    const elsewhere = await post(`/vaults/${other}/commits`, body, key);

    expect([elsewhere.statusCode, codeOf(elsewhere)]).toEqual([422, 'idempotency-key-reused']);
  });

  it('is free again after a refusal', async () => {
    await givenAccount();
    const key = randomUUID();

    const refused = await post(`/vaults/${vaultId}/commits`, commitOf(7), key);
    const good = await post(`/vaults/${vaultId}/commits`, commitOf(0), key);

    expect([refused.statusCode, good.statusCode]).toEqual([409, 200]);
  });

  it('is free again after a failure in the middle, and nothing was done', async () => {
    await givenAccount();
    const key = randomUUID();
    const body = commitOf(0);
    await sql`alter table audit_events add constraint full_up check (false) not valid`.execute(server.db);

    const failed = await post(`/vaults/${vaultId}/commits`, body, key);

    await sql`alter table audit_events drop constraint full_up`.execute(server.db);
    const { rows } = await sql`select 1 from idempotency_keys where user_id = ${account.userId}`.execute(
      server.db,
    );
    expect([failed.statusCode, rows.length]).toEqual([503, 0]);
    expect((await post(`/vaults/${vaultId}/commits`, body, key)).json()).toEqual({ revision: 1, seq: 1 });
  });

  it.for([
    ['of no character', '', 422],
    ['of 1', 'k', 201],
    ['of 127', 'k'.repeat(IDEMPOTENCY_KEY.maxLength - 1), 201],
    ['of 128', 'k'.repeat(IDEMPOTENCY_KEY.maxLength), 201],
    ['of 129', 'k'.repeat(IDEMPOTENCY_KEY.maxLength + 1), 422],
    ['with a space', 'a b', 422],
  ] as const)('%s characters is taken or refused', async ([, key, status]) => {
    await givenAccount();

    expect((await post('/vaults', { vault: aVault('none') }, key)).statusCode).toBe(status);
  });

  it('is remembered for 24 hours, and then removed', async () => {
    await givenAccount();
    const key = randomUUID();
    const body = { vault: aVault('none') };
    const age = (interval: string): Promise<unknown> =>
      sql`
        update idempotency_keys set created_at = now() - ${interval}::interval
        where user_id = ${account.userId}`.execute(server.db);
    const first = await post('/vaults', body, key);

    await age('23 hours 59 minutes');
    await removeExpiredKeys(server);
    const remembered = await post('/vaults', body, key);
    await age('24 hours');
    const forgotten = await post('/vaults', body, key);
    const removed = await removeExpiredKeys(server);

    expect(remembered.json()).toEqual(first.json());
    // It is done again, and the id is taken.
    expect(codeOf(forgotten)).toBe('conflict');
    expect(removed).toBeGreaterThanOrEqual(1);
  });

  it('gives its place to another request after 24 hours, also before it was removed', async () => {
    await givenAccount();
    const key = randomUUID();
    await post('/vaults', { vault: aVault('none') }, key);
    await sql`update idempotency_keys set created_at = now() - interval '24 hours'`.execute(server.db);
    const body = { vault: aVault('none') };

    const second = await post('/vaults', body, key);
    const repeated = await post('/vaults', body, key);

    expect(second.statusCode).toBe(201);
    expect(repeated.json()).toEqual(second.json());
  });

  it('goes with its account', async () => {
    await givenAccount();
    await post('/vaults', { vault: aVault('none') }, randomUUID());

    await server.db.deleteFrom('users').where('id', '=', account.userId).execute();

    const { rows } = await sql`select 1 from idempotency_keys where user_id = ${account.userId}`.execute(
      server.db,
    );
    expect(rows).toEqual([]);
  });
});

describe('a stolen table', () => {
  it('holds no key, no body, no token and no answer in clear, and a row that was moved does not open', async () => {
    await givenAccount();
    const key = `canary-${randomUUID()}`;
    const invited = mustBe(201, await post('/users', { role: 'viewer' }, key)).json<{ token: string }>();
    const { rows } = await sql<{ text: string; answer: Uint8Array }>`
      select to_jsonb(row)::text as text, sealed_answer as answer from idempotency_keys as row`.execute(
      server.db,
    );
    const table = rows.map(({ text, answer }) => text + Buffer.from(answer).toString('latin1')).join();
    const other = await server.givenAccount('admin');
    await sql`update idempotency_keys set user_id = ${other.userId} where user_id = ${account.userId}`.execute(
      server.db,
    );

    const moved = await post('/users', { role: 'viewer' }, key, other);

    for (const secret of [key, invited.token, 'viewer', 'expiresAt']) expect(table).not.toContain(secret);
    expect([moved.statusCode, codeOf(moved)]).toEqual([500, 'internal']);
    expect(server.logLines.join('')).not.toContain(invited.token);
  });
});
