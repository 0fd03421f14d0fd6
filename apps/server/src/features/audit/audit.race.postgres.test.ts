/** Writers that come at once: each chain stays whole, and a walk in between sees a whole one too. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditRows } from '../../../test/audit-rows.ts';
import { startTestServer, type TestServer, testKeyRing } from '../../../test/test-server.ts';
import { tally, vaultApi } from '../../../test/vault-api.ts';
import { aPut } from '../../../test/vault-values.ts';
import { makeAudit } from './service.ts';
import { verifyAudit } from './verify-service.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('keeps the chains whole under parallel writers of one chain and of all', async () => {
  const one = randomUUID();
  const write = (index: number): Promise<void> =>
    makeAudit(testKeyRing).operator.recordAlone(server.db, {
      action: 'commit',
      outcome: 'success',
      subject: { userId: index % 2 === 0 ? one : randomUUID() },
      details: { seq: index },
    });

  const walks: Promise<{ readonly faults: readonly object[] }>[] = [];
  for (let round = 0; round < 10; round += 1) {
    const writers = Array.from({ length: 20 }, (_, index) => write(index));
    walks.push(verifyAudit(server.db, testKeyRing));
    await Promise.all(writers);
  }

  for (const walk of walks) expect((await walk).faults).toEqual([]);
  expect(await verifyAudit(server.db, testKeyRing)).toMatchObject({ rows: 200, faults: [] });
  const rows = (await auditRows(server.db)).filter(({ subject_user_id: subject }) => subject === one);
  const times = rows.map(({ occurred_at: at }) => at.getTime());
  expect(rows).toHaveLength(100);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('records each of parallel commits once, and none that was refused', async () => {
  const account = await server.givenAccount();
  const api = vaultApi(server, account);
  const vaultId = await api.givenVault('none');

  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      api.commit(vaultId, { baseSeq: 0, operations: [aPut(randomUUID(), 1)] }),
    ),
  );

  expect(tally(answers)).toEqual({ 200: 1, 409: 19 });
  const rows = (await auditRows(server.db)).filter(({ resource_id: id }) => id === vaultId);
  expect(rows.map(({ action }) => action)).toEqual(['vault-created', 'commit']);
  expect((await verifyAudit(server.db, testKeyRing)).faults).toEqual([]);
});
