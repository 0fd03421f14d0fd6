import { randomUUID } from 'node:crypto';
import {
  type Changes,
  type Problem,
  type PutOperation,
  STAGING_HOURS,
  STAGING_LIMITS,
  type StagedEntry,
} from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { giveAccountState } from '../../../test/account-state.ts';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, type VaultApi, vaultApi } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, aSealed, somePuts } from '../../../test/vault-values.ts';
import { keepHouse } from '../../housekeeping.ts';

const server = await startTestServer();
afterAll(() => server.close());
const ada = vaultApi(server, await server.givenAccount());

interface Given {
  readonly vaultId: string;
  readonly ids: readonly [string, string, string];
}

/** Three entries, the first at version 2, and a deleted one; at seq 3. */
async function givenVault(api: VaultApi = ada): Promise<Given> {
  const vaultId = await api.givenVault('manifest');
  const puts = somePuts(4);
  const [first, second, third, doomed] = puts.map(({ id }) => id) as [string, string, string, string];
  await api.givenCommit(vaultId, { baseSeq: 0, operations: puts, manifest: aSealed(1) });
  await api.givenCommit(vaultId, { baseSeq: 1, operations: [aPut(first, 2)], manifest: aSealed(2) });
  await api.givenCommit(vaultId, { baseSeq: 2, operations: [aDelete(doomed, 2)], manifest: aSealed(3) });
  return { vaultId, ids: [first, second, third] };
}

function aStaged(id: string, version: number, bytes = 64): StagedEntry {
  return { id, version, schema: 1, ...anEnvelope(bytes) };
}

const stagedOf = ({ ids: [first, second, third] }: Given) => [
  aStaged(first, 2),
  aStaged(second, 1),
  aStaged(third, 1),
];

const stage = (vaultId: string, payload: object, api: VaultApi = ada) =>
  api.call('POST', `/vaults/${vaultId}/rotation`, { payload });
const replace = (vaultId: string, payload: object, api: VaultApi = ada) =>
  api.call('PUT', `/vaults/${vaultId}`, { payload });

/** Everything the database has of a vault, as one text. */
async function stateOf(vaultId: string): Promise<string> {
  const texts: string[] = [];
  for (const table of ['entries', 'entry_versions', 'manifests', 'vault_rotations', 'staged_entries']) {
    const { rows } = await sql<{ text: string }>`
      select to_jsonb(row)::text as text from ${sql.table(table)} as row
      where vault_id = ${vaultId} order by 1`.execute(server.db);
    texts.push(...rows.map(({ text }) => text));
  }
  const { rows } = await sql<{ text: string }>`
    select to_jsonb(vaults)::text as text from vaults where id = ${vaultId}`.execute(server.db);
  return [...texts, rows[0]?.text].join('\n');
}

describe('staged entries', () => {
  it('are seen by no reader', async () => {
    const given = await givenVault();
    const before = (await ada.changes(given.vaultId)).json<Changes>();

    const response = await stage(given.vaultId, {
      rotationId: randomUUID(),
      vkEpoch: 2,
      entries: stagedOf(given),
    });

    expect(response.json()).toEqual({ staged: 3 });
    expect((await ada.changes(given.vaultId)).json()).toEqual(before);
    const versions = await ada.call('GET', `/vaults/${given.vaultId}/entries/${given.ids[0]}/versions`);
    expect(versions.json().items.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  });

  it('may be sent again, and in any order', async () => {
    const given = await givenVault();
    const batch = { rotationId: randomUUID(), vkEpoch: 2, entries: stagedOf(given) };

    mustBe(200, await stage(given.vaultId, { ...batch, entries: batch.entries.toReversed() }));
    const again = await stage(given.vaultId, batch);

    expect(again.json()).toEqual({ staged: 3 });
  });

  it('of another rotation are forgotten', async () => {
    const given = await givenVault();
    const [first, second] = stagedOf(given);
    mustBe(200, await stage(given.vaultId, { rotationId: randomUUID(), vkEpoch: 2, entries: [first] }));

    const response = await stage(given.vaultId, {
      rotationId: randomUUID(),
      vkEpoch: 2,
      entries: [second],
    });

    expect(response.json()).toEqual({ staged: 1 });
  });

  it('are not replaced by an older version that comes late', async () => {
    const given = await givenVault();
    const [id] = given.ids;
    const batch = { rotationId: randomUUID(), vkEpoch: 2 };
    mustBe(200, await stage(given.vaultId, { ...batch, entries: [aStaged(id, 2)] }));
    const before = await stateOf(given.vaultId);

    const late = await stage(given.vaultId, { ...batch, entries: [aStaged(id, 1)] });

    expect(late.statusCode).toBe(409);
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it.for([
    ['of the present epoch', (given: Given) => ({ vkEpoch: 1, entries: stagedOf(given) }), 409],
    ['of an epoch too far', (given: Given) => ({ vkEpoch: 3, entries: stagedOf(given) }), 409],
    ['of a former version', ({ ids }: Given) => ({ entries: [aStaged(ids[0], 1)] }), 409],
    ['of a version to come', ({ ids }: Given) => ({ entries: [aStaged(ids[1], 2)] }), 409],
    ['of no entry', () => ({ entries: [aStaged(randomUUID(), 1)] }), 409],
    ['twice', ({ ids }: Given) => ({ entries: [aStaged(ids[1], 1), aStaged(ids[1], 1)] }), 422],
    ['of schema 0', ({ ids }: Given) => ({ entries: [{ ...aStaged(ids[1], 1), schema: 0 }] }), 422],
    ['with a revision', ({ ids }: Given) => ({ entries: [{ ...aStaged(ids[1], 1), revision: 1 }] }), 422],
    ['one byte too large', ({ ids }: Given) => ({ entries: [aStaged(ids[1], 1, 262_145)] }), 422],
    ['none at all', () => ({ entries: [] }), 422],
  ] as const)('are refused: %s', async ([, batch, status]) => {
    const given = await givenVault();
    const before = await stateOf(given.vaultId);

    const response = await stage(given.vaultId, { rotationId: randomUUID(), vkEpoch: 2, ...batch(given) });

    expect(response.statusCode).toBe(status);
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it('are refused for a deleted entry', async () => {
    const vaultId = await ada.givenVault('none');
    const [put] = somePuts(1) as [PutOperation];
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: [put] });
    await ada.givenCommit(vaultId, { baseSeq: 1, operations: [aDelete(put.id, 2)] });

    for (const version of [1, 2]) {
      const entries = [aStaged(put.id, version)];
      const response = await stage(vaultId, { rotationId: randomUUID(), vkEpoch: 2, entries });

      expect(response.statusCode).toBe(409);
    }
  });

  it('are taken up to the limit of a batch and no further', async () => {
    const vaultId = await ada.givenVault('none');
    const puts = somePuts(STAGING_LIMITS.maxEntries);
    const [extra] = somePuts(1) as [PutOperation];
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: puts });
    await ada.givenCommit(vaultId, { baseSeq: 1, operations: [extra] });
    const all = [...puts, extra].map(({ id }) => aStaged(id, 1, 1));
    const of = (count: number) =>
      stage(vaultId, { rotationId: randomUUID(), vkEpoch: 2, entries: all.slice(0, count) });

    const answers = [
      await of(STAGING_LIMITS.maxEntries - 1),
      await of(STAGING_LIMITS.maxEntries),
      await of(STAGING_LIMITS.maxEntries + 1),
    ];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 422]);
    expect(answers[1]?.json()).toEqual({ staged: STAGING_LIMITS.maxEntries });
  });

  it('are of no use to anybody else, for whom the vault is not there', async () => {
    const given = await givenVault();
    const eve = vaultApi(server, await server.givenAccount());
    const before = await stateOf(given.vaultId);

    const batch = { rotationId: randomUUID(), vkEpoch: 2, entries: stagedOf(given) };
    const answers = [await stage(given.vaultId, batch, eve), await stage(randomUUID(), batch, eve)];

    expect(answers.map((answer) => [answer.statusCode, answer.json<Problem>().code])).toEqual([
      [404, 'vault-not-found'],
      [404, 'vault-not-found'],
    ]);
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it('are forgotten a day after the last batch', async () => {
    const [fresh, stale] = [await givenVault(), await givenVault()];
    for (const [given, minutes] of [
      [fresh, STAGING_HOURS * 60 - 1],
      [stale, STAGING_HOURS * 60 + 1],
    ] as const) {
      const batch = { rotationId: randomUUID(), vkEpoch: 2, entries: stagedOf(given) };
      mustBe(200, await stage(given.vaultId, batch));
      await sql`
        update vault_rotations set updated_at = now() - make_interval(mins => ${minutes})
        where vault_id = ${given.vaultId}`.execute(server.db);
    }

    await keepHouse(server.db, { refreshTokenTtlSeconds: 3_600, lockoutMinutes: 15 });

    expect(await stateOf(fresh.vaultId)).toContain('rotation_id');
    expect(await stateOf(stale.vaultId)).not.toContain('rotation_id');
    const rows = await server.db.selectFrom('staged_entries').select('vault_id').execute();
    expect(rows.map(({ vault_id }) => vault_id)).not.toContain(stale.vaultId);
  });
});

describe('a rotation', () => {
  it('puts every staged entry in the place of the present one, and leaves nothing of the old key', async () => {
    const given = await givenVault();
    const [before] = await ada.allChanges(given.vaultId);
    const entries = stagedOf(given);
    const rotationId = randomUUID();
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries }));
    const manifest = aSealed(4);

    const response = await replace(given.vaultId, { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest });

    expect(mustBe(200, response).json()).toMatchObject({ vkEpoch: 2, seq: 4, manifest, wrap: null });
    const [after] = await ada.allChanges(given.vaultId);
    const timeOf = (id: string) => before?.entries.find((entry) => entry.id === id)?.updatedAt;
    const expected = entries.map((entry) => ({ ...entry, vkEpoch: 2, updatedAt: timeOf(entry.id) }));
    expect(after?.entries.map(({ revision: _, ...rest }) => rest).toSorted(byId)).toEqual(
      expected.toSorted(byId),
    );
    expect(after).toMatchObject({ vkEpoch: 2, seq: 4, deleted: [], manifest, revision: 9 });
    expect(after?.entries.map(({ revision }) => revision)).toEqual([7, 8, 9]);
    expect(after?.manifests.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const state = await stateOf(given.vaultId);
    expect(state).not.toContain('rotation_id');
    for (const entry of before?.entries ?? []) expect(state).not.toContain(entry.ciphertext);
    for (const id of given.ids) {
      const versions = await ada.call('GET', `/vaults/${given.vaultId}/entries/${id}/versions`);
      expect(versions.json().items).toHaveLength(1);
    }
  });

  it('gives every entry to a reader of what changed since', async () => {
    const given = await givenVault();
    const rotationId = randomUUID();
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries: stagedOf(given) }));
    mustBe(
      200,
      await replace(given.vaultId, { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest: aSealed(4) }),
    );

    const pages = await ada.allChanges(given.vaultId, { since: 6, limit: 1 });

    expect(pages.flatMap(({ entries }) => entries.map(({ id }) => id)).toSorted()).toEqual(
      [...given.ids].toSorted(),
    );
    expect(pages.map(({ vkEpoch }) => vkEpoch)).toEqual([2, 2, 2]);
    expect(pages.flatMap(({ manifests }) => manifests.map(({ seq }) => seq))).toEqual([4]);
  });

  it.for([
    ['an entry was never staged', (given: Given) => stagedOf(given).slice(1)],
    ['nothing was staged', () => []],
  ] as const)('is incomplete while %s, and changes nothing', async ([, entriesOf]) => {
    const given = await givenVault();
    const rotationId = randomUUID();
    const entries = entriesOf(given);
    if (entries.length > 0) mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries }));
    const before = await stateOf(given.vaultId);

    const response = await replace(given.vaultId, {
      vkEpoch: 2,
      wrap: anEnvelope(),
      rotationId,
      manifest: aSealed(4),
    });

    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({ code: 'rotation-incomplete', seq: 3 });
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it('is incomplete under the name of another rotation', async () => {
    const given = await givenVault();
    const batch = { rotationId: randomUUID(), vkEpoch: 2, entries: stagedOf(given) };
    mustBe(200, await stage(given.vaultId, batch));
    const before = await stateOf(given.vaultId);

    const response = await replace(given.vaultId, {
      vkEpoch: 2,
      wrap: anEnvelope(),
      rotationId: randomUUID(),
      manifest: aSealed(4),
    });

    expect(response.json<Problem>().code).toBe('rotation-incomplete');
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it('conflicts with a write that came between, and asks only for what that changed', async () => {
    const given = await givenVault();
    const [, second] = given.ids;
    const rotationId = randomUUID();
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries: stagedOf(given) }));
    const added = aPut(randomUUID(), 1);
    const operations = [aPut(second, 2), added];
    await ada.givenCommit(given.vaultId, { baseSeq: 3, operations, manifest: aSealed(4) });
    const finish = (seq: number) =>
      replace(given.vaultId, { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest: aSealed(seq) });

    const [stale, incomplete] = [await finish(4), await finish(5)];
    const entries = [aStaged(second, 2), aStaged(added.id, 1)];
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries }));
    const done = await finish(5);

    expect(stale.json()).toMatchObject({ code: 'conflict', seq: 4 });
    expect(incomplete.json()).toMatchObject({ code: 'rotation-incomplete', seq: 4 });
    expect(done.json()).toMatchObject({ vkEpoch: 2, seq: 5 });
    const [page] = await ada.allChanges(given.vaultId);
    expect(new Set(page?.entries.map(({ vkEpoch }) => vkEpoch))).toEqual(new Set([2]));
    expect(page?.entries).toHaveLength(4);
  });

  it.for([
    ['without a manifest', { manifest: undefined }, 428],
    ['without a name of a rotation', { rotationId: undefined }, 422],
    ['of the same epoch', { vkEpoch: 1 }, 409],
    ['of an epoch too far', { vkEpoch: 3 }, 409],
    ['with the manifest of the present seq', { manifest: aSealed(3) }, 409],
    ['with a manifest too far', { manifest: aSealed(5) }, 409],
    ['with an account state where there is none', { accountState: aSealed(0) }, 422],
    ['with a field that nobody knows', { force: true }, 422],
  ] as const)('is refused %s, and changes nothing', async ([, changes, status]) => {
    const given = await givenVault();
    const rotationId = randomUUID();
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries: stagedOf(given) }));
    const before = await stateOf(given.vaultId);

    const whole = { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest: aSealed(4) };
    const response = await replace(given.vaultId, { ...whole, ...changes });

    expect(response.statusCode).toBe(status);
    expect(await stateOf(given.vaultId)).toBe(before);
  });

  it('takes the account state with it, or neither changes', async () => {
    const account = await server.givenAccount();
    const bob = vaultApi(server, account);
    const given = await givenVault(bob);
    await giveAccountState(server.db, account.userId);
    const rotationId = randomUUID();
    mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch: 2, entries: stagedOf(given) }, bob));
    const before = await stateOf(given.vaultId);
    const whole = { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest: aSealed(4) };
    const seq = async () =>
      (
        await server.db
          .selectFrom('users')
          .select('state_seq')
          .where('id', '=', account.userId)
          .executeTakeFirstOrThrow()
      ).state_seq;

    for (const [changes, status] of [
      [{}, 422],
      [{ accountState: aSealed(2) }, 409],
      [{ accountState: aSealed(1), manifest: aSealed(9) }, 409],
      [{ accountState: aSealed(1), rotationId: randomUUID() }, 409],
    ] as const) {
      const refused = await replace(given.vaultId, { ...whole, ...changes }, bob);
      expect([refused.statusCode, await seq(), await stateOf(given.vaultId)]).toEqual([status, 0, before]);
    }
    mustBe(200, await replace(given.vaultId, { ...whole, accountState: aSealed(1) }, bob));
    expect(await seq()).toBe(1);
  });

  it('of an empty vault needs nothing staged, and commits go on under the next epoch', async () => {
    const vaultId = await ada.givenVault('manifest');

    const response = await replace(vaultId, {
      vkEpoch: 2,
      wrap: anEnvelope(),
      rotationId: randomUUID(),
      manifest: aSealed(1),
    });

    expect(mustBe(200, response).json()).toMatchObject({ vkEpoch: 2, seq: 1 });
    const commit = (put: PutOperation) =>
      ada.commit(vaultId, { baseSeq: 1, operations: [put], manifest: aSealed(2) });
    expect((await commit(aPut(randomUUID(), 1))).statusCode).toBe(409);
    expect((await commit(aPut(randomUUID(), 1, { vkEpoch: 2 }))).statusCode).toBe(200);
  });

  it('may follow another', async () => {
    const given = await givenVault();
    for (const vkEpoch of [2, 3]) {
      const rotationId = randomUUID();
      mustBe(200, await stage(given.vaultId, { rotationId, vkEpoch, entries: stagedOf(given) }));
      const manifest = aSealed(vkEpoch + 2);
      mustBe(200, await replace(given.vaultId, { vkEpoch, wrap: anEnvelope(), rotationId, manifest }));
    }

    const [page] = await ada.allChanges(given.vaultId);

    expect(page).toMatchObject({ vkEpoch: 3, seq: 5, revision: 12 });
    expect(page?.entries.map(({ vkEpoch }) => vkEpoch)).toEqual([3, 3, 3]);
  });

  it('works without manifests where the vault has none', async () => {
    const vaultId = await ada.givenVault('none');
    const puts = somePuts(2);
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: puts });
    const rotationId = randomUUID();
    const entries = puts.map(({ id }) => aStaged(id, 1));
    mustBe(200, await stage(vaultId, { rotationId, vkEpoch: 2, entries }));
    const change = { vkEpoch: 2, wrap: anEnvelope(), rotationId };

    expect((await replace(vaultId, { ...change, manifest: aSealed(2) })).statusCode).toBe(422);
    mustBe(200, await replace(vaultId, change));

    const [page] = await ada.allChanges(vaultId);
    expect(page).toMatchObject({ vkEpoch: 2, seq: 2, manifest: null });
    expect(page?.entries.map(({ vkEpoch }) => vkEpoch)).toEqual([2, 2]);
  });
});

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : 1;
}
