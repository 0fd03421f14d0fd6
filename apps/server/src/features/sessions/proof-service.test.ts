/** Transactions in the name of whoever claims to ask. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { transactFor } from './proof-service.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await sql`create table done (by uuid)`.execute(server.db);
});
afterAll(() => server.close());

const SOON = Date.now() / 1_000 + 600;

async function givenClaim() {
  const { userId, sessionId } = await server.givenAccount();
  return { userId, sessionId, role: 'user', expiresAt: SOON };
}

type Claim = Awaited<ReturnType<typeof givenClaim>>;

const act = (claim: Claim): Promise<unknown> =>
  transactFor(server.db, claim, (tx) => sql`insert into done values (${claim.userId})`.execute(tx));

async function isDone({ userId }: Claim): Promise<boolean> {
  return (await sql`select from done where by = ${userId}`.execute(server.db)).rows.length > 0;
}

it('are done for a live session', async () => {
  const claim = await givenClaim();

  await act(claim);

  expect(await isDone(claim)).toBe(true);
});

it.for<[string, (claim: Claim) => Claim | Promise<Claim>]>([
  ['a token that has expired', (claim) => ({ ...claim, expiresAt: Date.now() / 1_000 - 1 })],
  ['another role', (claim) => ({ ...claim, role: 'admin' })],
  ['another account', async (claim) => ({ ...claim, userId: (await givenClaim()).userId })],
  ['a session that is not there', (claim) => ({ ...claim, sessionId: randomUUID() })],
  [
    'a session that was revoked',
    async (claim) => {
      await sql`update sessions set revoked_at = now(), revoked_reason = 'logout'
        where id = ${claim.sessionId}`.execute(server.db);
      return claim;
    },
  ],
  [
    'an account that was stopped',
    async (claim) => {
      await sql`update users set is_active = false where id = ${claim.userId}`.execute(server.db);
      return claim;
    },
  ],
])('leave nothing behind for %s', async ([, spoil]) => {
  const claim = await spoil(await givenClaim());

  await expect(act(claim)).rejects.toMatchObject({ code: 'invalid-token' });

  expect(await isDone(claim)).toBe(false);
});
