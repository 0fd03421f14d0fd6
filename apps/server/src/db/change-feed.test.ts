/** What the triggers of the database tell, on both engines. */

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../test/test-server.ts';
import { vaultApi } from '../../test/vault-api.ts';
import { aPut } from '../../test/vault-values.ts';
import { noteVaultChange, transact } from './transact.ts';

let server: TestServer;
let told: string[];

beforeAll(async () => {
  server = await startTestServer();
  server.changes.subscribe({
    onVaultChanged: ({ ownerId, vaultId, revision }) => told.push(`vault ${ownerId} ${vaultId} ${revision}`),
    onSessionEnded: ({ userId, sessionId }) => told.push(`session ${userId} ${sessionId}`),
    onUserChanged: ({ userId }) => told.push(`user ${userId}`),
    onResync: () => told.push('resync'),
  });
});
afterAll(() => server.close());

/** Everything told by what `act` has committed. */
async function tellingOf(act: () => Promise<unknown>): Promise<readonly string[]> {
  told = [];
  await act();
  // Vaults are told by the server and the rest by the database: a mark on each way comes after all before it.
  const last = randomUUID();
  await transact(server.db, async (tx) => noteVaultChange(tx, { ownerId: last, vaultId: last, revision: 0 }));
  await sql`select pg_notify('zkvault_changes', ${`user ${last}`})`.execute(server.db);
  const marks = [`vault ${last} ${last} 0`, `user ${last}`];
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(expect.arrayContaining(marks));
  return told.filter((line) => !marks.includes(line));
}

it('tells a new vault and each commit, with the revision', async () => {
  const account = await server.givenAccount();
  const api = vaultApi(server, account);
  let vaultId = '';

  const lines = await tellingOf(async () => {
    vaultId = await api.givenVault('none');
    await api.givenCommit(vaultId, {
      baseSeq: 0,
      operations: [aPut(randomUUID(), 1), aPut(randomUUID(), 1)],
    });
    // A conflict changes nothing.
    await api.commit(vaultId, { baseSeq: 0, operations: [aPut(randomUUID(), 1)] });
  });

  expect(lines).toEqual([0, 2].map((revision) => `vault ${account.userId} ${vaultId} ${revision}`));
});

it('tells each session that ends, once', async () => {
  const account = await server.givenAccount();

  const lines = await tellingOf(async () => {
    await server.send({ method: 'POST', url: '/api/v1/auth/logout', as: account });
    await server.send({ method: 'POST', url: '/api/v1/auth/logout', as: account });
  });

  expect(lines).toEqual([`session ${account.userId} ${account.sessionId}`]);
});

it('tells a changed role, a stopped and a deleted account, and nothing of a changed name', async () => {
  const admin = await server.givenAccount('admin');
  const { userId, sessionId } = await server.givenAccount();
  const url = `/api/v1/users/${userId}`;

  const lines = await tellingOf(async () => {
    await server.db
      .updateTable('users')
      .set({ full_name: 'Ada', role: 'user' })
      .where('id', '=', userId)
      .execute();
    await server.send({ method: 'PUT', url, as: admin, payload: { role: 'viewer' } });
    await server.send({ method: 'PUT', url, as: admin, payload: { isActive: false } });
    await server.send({ method: 'DELETE', url, as: admin });
  });

  expect(lines).toEqual([
    `user ${userId}`,
    `session ${userId} ${sessionId}`,
    `user ${userId}`,
    `user ${userId}`,
  ]);
});

it('tells nothing of what was rolled back', async () => {
  const { userId } = await server.givenAccount();

  const lines = await tellingOf(() =>
    server.db
      .transaction()
      .execute(async (tx) => {
        await tx.updateTable('users').set({ role: 'viewer' }).where('id', '=', userId).execute();
        throw new Error('no');
      })
      .catch(() => undefined),
  );

  expect(lines).toEqual([]);
});

it('passes over what it does not understand', async () => {
  const lines = await tellingOf(async () => {
    for (const payload of ['', 'vault', 'tea', `user ${randomUUID()} and more`, `vault ${randomUUID()} x 1`])
      await sql`select pg_notify('zkvault_changes', ${payload})`.execute(server.db);
  });

  expect(lines).toEqual([]);
});
