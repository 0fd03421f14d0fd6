import { randomUUID } from 'node:crypto';
import { COMMIT_LIMITS, ENTRY_HISTORY_LIMIT, ENVELOPE_BYTES, type Problem } from '@zkvault/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, vaultApi } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, aSealed, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const ada = vaultApi(server, await server.givenAccount());

describe('a commit', () => {
  it('answers the new head: a revision for every operation, a seq for all of them', async () => {
    const vaultId = await ada.givenVault('none');

    const first = await ada.commit(vaultId, { baseSeq: 0, operations: somePuts(3) });
    const second = await ada.commit(vaultId, { baseSeq: 1, operations: somePuts(2) });

    expect(first.json()).toEqual({ revision: 3, seq: 1 });
    expect(second.json()).toEqual({ revision: 5, seq: 2 });
  });

  it('keeps an envelope exactly as it came', async () => {
    const vaultId = await ada.givenVault('none');
    const written = aPut(randomUUID(), 1, { schema: 32_767 });

    await ada.givenCommit(vaultId, { baseSeq: 0, operations: [written] });
    const { entries } = (await ada.changes(vaultId)).json();

    const { op: _op, ...entry } = written;
    expect(entries).toEqual([{ ...entry, revision: 1, updatedAt: expect.stringMatching(/Z$/) }]);
  });

  it('refuses a base that is not the newest, and says which is', async () => {
    const vaultId = await ada.givenVault('none');
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: somePuts(1) });

    for (const baseSeq of [0, 2]) {
      const response = await ada.commit(vaultId, { baseSeq, operations: somePuts(1) });

      expect(response.statusCode).toBe(409);
      expect(response.json()).toMatchObject({ code: 'conflict', seq: 1 });
    }
  });

  const there = randomUUID();
  const gone = randomUUID();
  const put = (id: string, version: number, vkEpoch = 2) => aPut(id, version, { vkEpoch });

  it.for([
    ['a new entry that does not begin with version 1', put(randomUUID(), 2)],
    ['an entry that is there, as new', put(there, 1)],
    ['the version that is there', put(there, 2)],
    ['a version that leaves one out', put(there, 4)],
    ['a deleted entry, as new', put(gone, 1)],
    ['the version of a deletion', put(gone, 2)],
    ['the version after a deletion', put(gone, 3)],
    ['the deletion of an entry that never was', aDelete(randomUUID(), 1)],
    ['a deletion with the version that is there', aDelete(there, 2)],
    ['a deletion that leaves a version out', aDelete(there, 4)],
    ['a second deletion', aDelete(gone, 3)],
    ['the largest version', put(there, 2_147_483_647)],
    ['a former vault-key epoch', put(there, 3, 1)],
    ['a coming vault-key epoch', put(there, 3, 3)],
  ] as const)('refuses %s, with all that came with it', async ([, operation]) => {
    const vaultId = await ada.givenVault('none');
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(there, 1), aPut(gone, 1)] });
    await ada.givenCommit(vaultId, { baseSeq: 1, operations: [aPut(there, 2), aDelete(gone, 2)] });
    const payload = { vkEpoch: 2, wrap: anEnvelope() };
    mustBe(200, await ada.call('PUT', `/vaults/${vaultId}`, { payload }));
    const before = (await ada.changes(vaultId)).json();
    const good = [put(randomUUID(), 1), put(there, 3)].filter(({ id }) => id !== operation.id);

    const response = await ada.commit(vaultId, { baseSeq: 2, operations: [...good, operation] });

    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({ code: 'conflict', seq: 2 });
    expect((await ada.changes(vaultId)).json()).toEqual(before);
    mustBe(200, await ada.commit(vaultId, { baseSeq: 2, operations: good }));
  });

  it('refuses an id that occurs twice, and says where', async () => {
    const vaultId = await ada.givenVault('none');
    const id = randomUUID();

    const response = await ada.commit(vaultId, {
      baseSeq: 0,
      operations: [aPut(id, 1), ...somePuts(1), aDelete(id, 2)],
    });

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([
      { pointer: '/body/operations/2/id', code: 'duplicate' },
    ]);
    expect((await ada.changes(vaultId)).json()).toMatchObject({ revision: 0, seq: 0, entries: [] });
  });

  it('writes puts of new and known entries and deletions together, in the order of the operations', async () => {
    const vaultId = await ada.givenVault('none');
    const [known, doomed, fresh] = [randomUUID(), randomUUID(), randomUUID()];
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(known, 1), aPut(doomed, 1)] });

    const operations = [aDelete(doomed, 2), aPut(fresh, 1), aPut(known, 2)];
    await ada.givenCommit(vaultId, { baseSeq: 1, operations });
    const changes = (await ada.changes(vaultId, '?since=2')).json();

    expect(changes.deleted).toEqual([{ id: doomed, version: 2 }]);
    expect(changes.entries).toMatchObject([
      { id: fresh, version: 1, revision: 4 },
      { id: known, version: 2, revision: 5 },
    ]);
  });
});

describe('a commit to a manifest vault', () => {
  it('needs a manifest', async () => {
    const vaultId = await ada.givenVault('manifest');

    const response = await ada.commit(vaultId, { baseSeq: 0, operations: somePuts(1) });

    expect(response.statusCode).toBe(428);
    expect(response.json<Problem>().code).toBe('manifest-required');
  });

  it.for([0, 2])('refuses a manifest of seq %i on base 0', async (seq) => {
    const vaultId = await ada.givenVault('manifest');

    const response = await ada.commit(vaultId, {
      baseSeq: 0,
      operations: somePuts(1),
      manifest: aSealed(seq),
    });

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([{ pointer: '/body/manifest/seq', code: 'not-next' }]);
  });

  it('makes its manifest the head', async () => {
    const vaultId = await ada.givenVault('manifest');
    const manifest = aSealed(1);

    await ada.givenCommit(vaultId, { baseSeq: 0, operations: somePuts(2), manifest });
    const changes = (await ada.changes(vaultId)).json();
    const { items } = (await ada.call('GET', '/vaults')).json();

    expect(changes).toMatchObject({ revision: 2, seq: 1, manifest, manifests: [manifest] });
    expect(items.find(({ id }: { id: string }) => id === vaultId)).toMatchObject({
      revision: 2,
      seq: 1,
      manifest,
    });
  });

  it('refuses a manifest for a vault without manifests', async () => {
    const vaultId = await ada.givenVault('none');

    const response = await ada.commit(vaultId, {
      baseSeq: 0,
      operations: somePuts(1),
      manifest: aSealed(1),
    });

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([{ pointer: '/body/manifest', code: 'unexpected' }]);
  });
});

describe('the limits of a commit', () => {
  it.for([
    [0, 422],
    [1, 200],
    [COMMIT_LIMITS.maxOperations, 200],
    [COMMIT_LIMITS.maxOperations + 1, 422],
  ] as const)('with %i operations it gets %i', async ([count, status]) => {
    const vaultId = await ada.givenVault('none');

    const response = await ada.commit(vaultId, { baseSeq: 0, operations: somePuts(count) });

    expect(response.statusCode).toBe(status);
    const entries = (await ada.allChanges(vaultId)).flatMap((page) => page.entries);
    expect(entries).toHaveLength(status === 200 ? count : 0);
  });

  it.for([
    [-1, 200],
    [0, 200],
    [1, 413],
  ] as const)('with %i bytes over 8 MiB it gets %i', async ([over, status]) => {
    const vaultId = await ada.givenVault('none');
    const operations = [...somePuts(23, ENVELOPE_BYTES.ciphertext.maxBytes), ...somePuts(1, 196_608)];
    const text = JSON.stringify({ baseSeq: 0, operations });
    const payload = text.padEnd(COMMIT_LIMITS.maxBytes + over, ' ');
    expect(text.length).toBeLessThan(COMMIT_LIMITS.maxBytes);

    const response = await ada.call('POST', `/vaults/${vaultId}/commits`, {
      payload,
      headers: { 'content-type': 'application/json' },
    });

    expect(response.statusCode).toBe(status);
  });

  it.for([
    [0, 422],
    [1, 200],
    [2, 200],
    [ENVELOPE_BYTES.ciphertext.maxBytes - 1, 200],
    [ENVELOPE_BYTES.ciphertext.maxBytes, 200],
    [ENVELOPE_BYTES.ciphertext.maxBytes + 1, 422],
  ] as const)('with a ciphertext of %i bytes it gets %i', async ([bytes, status]) => {
    const vaultId = await ada.givenVault('none');

    const response = await ada.commit(vaultId, { baseSeq: 0, operations: somePuts(1, bytes) });

    expect(response.statusCode).toBe(status);
  });

  it.for([
    ['an unknown field', { owner: 'eve' }],
    ['a version of 0', { version: 0 }],
    ['a version as text', { version: '1' }],
    ['a schema of 0', { schema: 0 }],
    ['a schema beyond 15 bits', { schema: 32_768 }],
    ['an iv one byte too short', { iv: Buffer.alloc(11).toString('base64url') }],
    ['an iv one byte too long', { iv: Buffer.alloc(13).toString('base64url') }],
    ['a tag one byte too short', { tag: Buffer.alloc(15).toString('base64url') }],
    ['base64url with spare bits set', { ciphertext: 'AB' }],
    ['padding', { ciphertext: 'AA==' }],
    ['an id in upper case', { id: randomUUID().toUpperCase() }],
    ['no id', { id: undefined }],
  ] as const)('refuses %s', async ([, changes]) => {
    const vaultId = await ada.givenVault('none');

    const response = await ada.commit(vaultId, {
      baseSeq: 0,
      operations: [{ ...aPut(randomUUID(), 1), ...changes }],
    });

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().code).toBe('request-invalid');
  });
});

describe('the versions of an entry', () => {
  const versionsOf = async (vaultId: string, entryId: string) =>
    (await ada.call('GET', `/vaults/${vaultId}/entries/${entryId}/versions`)).json<{
      items: { version: number; ciphertext: string }[];
    }>().items;

  it(`are the newest ${ENTRY_HISTORY_LIMIT}, newest first, as they were written`, async () => {
    const vaultId = await ada.givenVault('none');
    const id = randomUUID();
    const puts = Array.from({ length: ENTRY_HISTORY_LIMIT + 1 }, (_, index) => aPut(id, index + 1));

    for (const [index, put] of puts.entries()) {
      await ada.givenCommit(vaultId, { baseSeq: index, operations: [put] });
      if (index + 1 >= ENTRY_HISTORY_LIMIT - 1) {
        const expected = puts.slice(Math.max(0, index + 1 - ENTRY_HISTORY_LIMIT), index + 1).toReversed();
        const found = await versionsOf(vaultId, id);
        expect(found.map(({ version, ciphertext }) => ({ version, ciphertext }))).toEqual(
          expected.map(({ version, ciphertext }) => ({ version, ciphertext })),
        );
      }
    }
  });

  it('are gone when it is deleted', async () => {
    const vaultId = await ada.givenVault('none');
    const [id, other] = [randomUUID(), randomUUID()];
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(id, 1), aPut(other, 1)] });
    await ada.givenCommit(vaultId, { baseSeq: 1, operations: [aPut(id, 2), aPut(other, 2)] });

    await ada.givenCommit(vaultId, { baseSeq: 2, operations: [aDelete(id, 3)] });
    const deleted = await ada.call('GET', `/vaults/${vaultId}/entries/${id}/versions`);
    const kept = await ada.call('GET', `/vaults/${vaultId}/entries/${other}/versions`);

    expect(deleted.statusCode).toBe(404);
    expect(deleted.json<Problem>().code).toBe('entry-not-found');
    expect(kept.json().items).toHaveLength(2);
    const rows = await server.db
      .selectFrom('entry_versions')
      .select('entry_id')
      .where('vault_id', '=', vaultId)
      .execute();
    expect(rows).toEqual([{ entry_id: other }]);
  });
});
