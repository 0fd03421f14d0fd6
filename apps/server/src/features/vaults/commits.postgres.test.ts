import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Changes } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { giveAccountState } from '../../../test/account-state.ts';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, tally, vaultApi } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, aSealed, aVault, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const account = await server.givenAccount();
const ada = vaultApi(server, account);

const WRITERS = 20;
const writers = Array.from({ length: WRITERS }, (_, index) => index);
const ONE_WINS = { 200: 1, 409: WRITERS - 1 };

describe('twenty commits at one base', () => {
  it.for(['manifest', 'none'] as const)('have one winner in a vault with integrity %s', async (integrity) => {
    const vaultId = await ada.givenVault(integrity);

    for (let round = 0; round < 5; round += 1) {
      const bodies = writers.map(() => ({
        baseSeq: round,
        operations: somePuts(3),
        ...(integrity === 'manifest' ? { manifest: aSealed(round + 1) } : {}),
      }));
      const responses = await Promise.all(bodies.map((body) => ada.commit(vaultId, body)));

      expect(tally(responses)).toEqual(ONE_WINS);
      for (const response of responses.filter(({ statusCode }) => statusCode === 409)) {
        expect(response.json().seq).toBe(round + 1);
      }
      const winner = bodies[responses.findIndex(({ statusCode }) => statusCode === 200)];
      const page = (await ada.changes(vaultId, `?since=${round * 3}`)).json<Changes>();
      expect(page.entries.map(({ id }) => id)).toEqual(winner?.operations.map(({ id }) => id));
      expect(page.manifest?.ciphertext).toBe(winner?.manifest?.ciphertext);
      expect(page).toMatchObject({ revision: (round + 1) * 3, seq: round + 1 });
    }
  });

  it('lose no entry when the losers try again', async () => {
    const vaultId = await ada.givenVault('none');
    const written = somePuts(WRITERS);

    await Promise.all(
      written.map(async (put) => {
        let baseSeq = 0;
        for (;;) {
          const response = await ada.commit(vaultId, { baseSeq, operations: [put] });
          if (response.statusCode === 200) return;
          baseSeq = mustBe(409, response).json().seq;
        }
      }),
    );

    const { entries, revision, seq } = (await ada.changes(vaultId)).json<Changes>();
    expect(entries.map(({ id }) => id).toSorted()).toEqual(written.map(({ id }) => id).toSorted());
    expect(entries.map((entry) => entry.revision)).toEqual(written.map((_, index) => index + 1));
    expect([revision, seq]).toEqual([WRITERS, WRITERS]);
  });
});

describe('a commit that waits for another', () => {
  it('is dated when it is written, not when it began to wait', async () => {
    const vaultId = await ada.givenVault('none');

    const { waiting, releasedAt } = await server.db.transaction().execute(async (tx) => {
      await sql`select from vaults where id = ${vaultId} for update`.execute(tx);
      const response = ada.commit(vaultId, { baseSeq: 0, operations: somePuts(1) });
      await untilSomeoneWaitsForALock();
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(tx);
      return { waiting: response, releasedAt: rows[0]?.now };
    });
    mustBe(200, await waiting);

    const [entry] = (await ada.changes(vaultId)).json<Changes>().entries;
    expect(Date.parse(entry?.updatedAt ?? '')).toBeGreaterThanOrEqual(releasedAt?.getTime() ?? Infinity);
  });
});

async function untilSomeoneWaitsForALock(): Promise<void> {
  let waiters = 0;
  while (waiters === 0) {
    const { rows } = await sql<{ waiters: number }>`
      select count(*)::int as waiters from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(server.db);
    waiters = rows[0]?.waiters ?? 0;
  }
  // Long enough for the clocks of the two transactions to differ.
  await sleep(20);
}

describe('commits and what else happens to the vault', () => {
  it('delete or change an entry, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const vaultId = await ada.givenVault('none');
      const id = randomUUID();
      await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(id, 1)] });

      const responses = await Promise.all(
        writers.map((index) =>
          ada.commit(vaultId, { baseSeq: 1, operations: [index % 2 === 0 ? aPut(id, 2) : aDelete(id, 2)] }),
        ),
      );

      expect(tally(responses)).toEqual(ONE_WINS);
      const { entries, deleted } = (await ada.changes(vaultId)).json<Changes>();
      expect([...entries, ...deleted]).toMatchObject([{ id, version: 2 }]);
    }
  });

  it('are not written under an epoch that has been replaced', async () => {
    for (let round = 0; round < 10; round += 1) {
      const vaultId = await ada.givenVault('none');

      const [rotation, ...commits] = await Promise.all([
        ada.call('PUT', `/vaults/${vaultId}`, { payload: { vkEpoch: 2, wrap: anEnvelope() } }),
        ...writers.map(() => ada.commit(vaultId, { baseSeq: 0, operations: somePuts(1) })),
      ]);

      expect(rotation.statusCode).toBe(200);
      const won = commits.filter(({ statusCode }) => statusCode === 200).length;
      expect(won).toBeLessThanOrEqual(1);
      expect((await ada.changes(vaultId)).json<Changes>().entries).toHaveLength(won);
    }
  });

  it('find either the vault or nothing while it is deleted', async () => {
    const vaultId = await ada.givenVault('none');

    const [deletion, ...commits] = await Promise.all([
      ada.call('DELETE', `/vaults/${vaultId}`),
      ...writers.map((baseSeq) => ada.commit(vaultId, { baseSeq: baseSeq % 2, operations: somePuts(2) })),
    ]);

    expect(deletion.statusCode).toBe(204);
    for (const { statusCode } of commits) expect([200, 404, 409]).toContain(statusCode);
    const rows = await server.db.selectFrom('entries').select('id').where('vault_id', '=', vaultId).execute();
    expect(rows).toEqual([]);
  });

  it('are whole in every page read meanwhile, and the last page completes the head', async () => {
    const vaultId = await ada.givenVault('manifest');
    const ids = Array.from({ length: 40 }, () => randomUUID());
    const first = { baseSeq: 0, operations: ids.map((id) => aPut(id, 1)), manifest: aSealed(1) };
    await ada.givenCommit(vaultId, first);
    let writing = true;

    const write = async () => {
      for (let seq = 1; seq <= 60; seq += 1) {
        const slot = seq % ids.length;
        const version = 1 + Math.ceil(seq / ids.length);
        const operations = [aPut(ids[slot] ?? '', version), aPut(randomUUID(), 1)];
        await ada.givenCommit(vaultId, { baseSeq: seq, operations, manifest: aSealed(seq + 1) });
      }
      writing = false;
    };
    const read = async () => {
      const seen = new Map<string, number>();
      const seqs: number[] = [];
      let since = 0;
      let last = false;
      while (!last) {
        const done = !writing;
        const page = (await ada.changes(vaultId, `?since=${since}&limit=7`)).json<Changes>();
        // Head and manifest are of one moment.
        expect(page.manifest?.seq).toBe(page.seq);
        expect(page.revision).toBe(40 + (page.seq - 1) * 2);
        for (const { id, version } of page.entries) seen.set(id, version);
        seqs.push(...page.manifests.map(({ seq }) => seq));
        since = page.nextSince ?? page.revision;
        last = done && page.nextSince === null;
      }
      return { seen, seqs };
    };
    const [, ...readers] = await Promise.all([write(), read(), read(), read()]);

    const head = (await ada.allChanges(vaultId)).flatMap(({ entries }) => entries);
    const expected = new Map(head.map(({ id, version }) => [id, version]));
    expect(expected.size).toBe(100);
    for (const { seen, seqs } of readers) {
      expect(seen).toEqual(expected);
      expect(seqs).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
    }
  });
});

describe('twenty changes of the account state', () => {
  it('have one winner, and its vault is the only new one', async () => {
    const owner = await server.givenAccount();
    const bob = vaultApi(server, owner);
    await giveAccountState(server.db, owner.userId);

    const responses = await Promise.all(
      writers.map((index) =>
        index % 2 === 0
          ? bob.call('POST', '/vaults', { payload: { vault: aVault('manifest'), accountState: aSealed(1) } })
          : bob.call('PUT', '/account-state', { payload: { accountState: aSealed(1) } }),
      ),
    );

    const won = responses.filter(({ statusCode }) => statusCode < 300);
    expect(won).toHaveLength(1);
    expect(responses.filter(({ statusCode }) => statusCode === 409)).toHaveLength(WRITERS - 1);
    const { items } = (await bob.call('GET', '/vaults')).json();
    expect(items).toHaveLength(won[0]?.statusCode === 201 ? 1 : 0);
  });
});
