import { randomUUID } from 'node:crypto';
import { ENVELOPE_BYTES, type Entry, PAGE_LIMITS, type Problem } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, type VaultApi, vaultApi } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());

async function givenCaller(): Promise<{ api: VaultApi; vault: string }> {
  const api = vaultApi(server, await server.givenAccount());
  return { api, vault: await api.givenVault('none') };
}
const { api: ada, vault: vaultId } = await givenCaller();

const create = (payload: object) => ada.call('POST', '/entries', { payload });
const replace = (id: string, ifMatch: string | undefined, payload: object = anEnvelope()) =>
  ada.call('PUT', `/entries/${id}`, {
    payload,
    headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
  });
const remove = (id: string, ifMatch?: string) =>
  ada.call('DELETE', `/entries/${id}`, { headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } });

async function givenEntry(): Promise<string> {
  return mustBe(201, await create(anEnvelope())).json<Entry>().id;
}

describe('a new entry', () => {
  it('has version 1, an ETag and a place', async () => {
    const id = randomUUID();
    const envelope = anEnvelope();

    const response = await create({ id, ...envelope });
    const read = await ada.call('GET', `/entries/${id}`);

    expect(response.statusCode).toBe(201);
    expect(response.headers).toMatchObject({ etag: '"1"', location: `/api/v1/entries/${id}` });
    expect(response.json()).toMatchObject({ id, version: 1, vkEpoch: 1, schema: 1, ...envelope });
    expect(read.json()).toEqual(response.json());
    expect(read.headers.etag).toBe('"1"');
  });

  it('gets an id if it comes without one', async () => {
    const response = await create(anEnvelope());

    const { id } = response.json<Entry>();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await ada.call('GET', `/entries/${id}`)).statusCode).toBe(200);
  });

  it('with a taken id is a conflict, and the entry that has it stays', async () => {
    const id = await givenEntry();
    const before = (await ada.call('GET', `/entries/${id}`)).json();

    const response = await create({ id, ...anEnvelope() });

    expect(response.statusCode).toBe(409);
    expect((await ada.call('GET', `/entries/${id}`)).json()).toEqual(before);
  });

  it('with the id of a deleted entry is a conflict', async () => {
    const id = await givenEntry();
    mustBe(204, await remove(id, '"1"'));

    const response = await create({ id, ...anEnvelope() });

    expect(response.statusCode).toBe(409);
  });

  it('is refused without a default vault', async () => {
    const eve = vaultApi(server, await server.givenAccount());
    await eve.givenVault('manifest');

    const response = await eve.call('POST', '/entries', { payload: anEnvelope() });

    expect(response.json()).toMatchObject({ status: 404, code: 'vault-not-found' });
  });

  it.for([
    [0, 422],
    [1, 201],
    [ENVELOPE_BYTES.ciphertext.maxBytes - 1, 201],
    [ENVELOPE_BYTES.ciphertext.maxBytes, 201],
    [ENVELOPE_BYTES.ciphertext.maxBytes + 1, 422],
  ] as const)('with a ciphertext of %i bytes gets %i', async ([bytes, status]) => {
    expect((await create(anEnvelope(bytes))).statusCode).toBe(status);
  });

  it.for([
    [524_288, 201],
    [524_289, 413],
  ] as const)('in a body of %i bytes gets %i', async ([bytes, status]) => {
    const response = await ada.call('POST', '/entries', {
      payload: JSON.stringify(anEnvelope()).padEnd(bytes, ' '),
      headers: { 'content-type': 'application/json' },
    });

    expect(response.statusCode).toBe(status);
  });

  it.for([
    ['a version', { version: 1 }],
    ['an owner', { ownerId: randomUUID() }],
    ['a vault', { vaultId: randomUUID() }],
    ['an id in upper case', { id: randomUUID().toUpperCase() }],
    ['no tag', { tag: undefined }],
    ['a number as ciphertext', { ciphertext: 1 }],
  ] as const)('is refused with %s', async ([, changes]) => {
    const response = await create({ ...anEnvelope(), ...changes });

    expect(response.json()).toMatchObject({ status: 422, code: 'request-invalid' });
  });

  it('is one commit of the vault that the commit surface shows', async () => {
    const bob = await givenCaller();

    const payload = anEnvelope();
    const created = (await bob.api.call('POST', '/entries', { payload })).json<Entry>();

    const changes = (await bob.api.changes(bob.vault)).json();
    expect(changes).toMatchObject({ revision: 1, seq: 1, manifest: null, entries: [created] });
  });

  it('goes to the oldest vault without manifests', async () => {
    const bob = vaultApi(server, await server.givenAccount());
    await bob.givenVault('manifest');
    const oldest = await bob.givenVault('none');
    await sql`update vaults set created_at = created_at - interval '1 day' where id = ${oldest}`.execute(
      server.db,
    );
    await bob.givenVault('none');

    const created = (await bob.call('POST', '/entries', { payload: anEnvelope() })).json<Entry>();

    expect((await bob.changes(oldest)).json().entries).toEqual([created]);
  });
});

describe('a replaced entry', () => {
  it('has the next version, and keeps the one before', async () => {
    const id = await givenEntry();
    const envelope = anEnvelope();

    const response = await replace(id, '"1"', envelope);
    const read = await ada.call('GET', `/entries/${id}`);
    const versions = await ada.call('GET', `/vaults/${vaultId}/entries/${id}/versions`);

    expect(response.statusCode).toBe(200);
    expect(response.headers.etag).toBe('"2"');
    expect(response.json()).toMatchObject({ id, version: 2, ...envelope });
    expect(read.json()).toEqual(response.json());
    expect(versions.json().items.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  });

  it('needs If-Match', async () => {
    const id = await givenEntry();

    for (const response of [await replace(id, undefined), await remove(id)]) {
      expect(response.json()).toMatchObject({ status: 428, code: 'if-match-required' });
    }
    expect((await ada.call('GET', `/entries/${id}`)).headers.etag).toBe('"1"');
  });

  it.for([
    '1',
    '*',
    '',
    '""',
    '"0"',
    '"01"',
    '"-1"',
    '"1.0"',
    '"1"x',
    ' "1',
    'W/"1"',
    '"1", "2"',
    '"99999999999"',
    `"${'1'.repeat(40)}"`,
  ])('is refused with If-Match %j', async (ifMatch) => {
    const id = await givenEntry();

    for (const response of [await replace(id, ifMatch), await remove(id, ifMatch)]) {
      expect(response.json()).toMatchObject({ status: 422, code: 'request-invalid' });
      expect(response.json<Problem>().errors).toMatchObject([{ pointer: '/headers/if-match' }]);
    }
  });

  it.for(['"1"', '"3"', '"2147483647"', '"2147483648"', '"9999999999"'])(
    'is refused with If-Match %s at version 2, and the answer has the ETag',
    async (ifMatch) => {
      const id = await givenEntry();
      const before = mustBe(200, await replace(id, '"1"')).json();

      for (const response of [await replace(id, ifMatch), await remove(id, ifMatch)]) {
        expect(response.json()).toMatchObject({ status: 412, code: 'version-stale' });
        expect(response.headers.etag).toBe('"2"');
      }
      expect((await ada.call('GET', `/entries/${id}`)).json()).toEqual(before);
    },
  );
});

describe('a deleted entry', () => {
  it('is not there for anyone, and its deletion is a change', async () => {
    const id = await givenEntry();

    const response = await remove(id, '"1"');

    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    for (const after of [
      await ada.call('GET', `/entries/${id}`),
      await replace(id, '"2"'),
      await replace(id, '"1"'),
      await remove(id, '"2"'),
    ]) {
      expect(after.json()).toMatchObject({ status: 404, code: 'entry-not-found' });
    }
    const deleted = (await ada.allChanges(vaultId)).flatMap((page) => page.deleted);
    expect(deleted).toContainEqual({ id, version: 2 });
  });

  it('by a commit is gone from the plain surface', async () => {
    const bob = await givenCaller();
    const [kept, gone] = [randomUUID(), randomUUID()];
    await bob.api.givenCommit(bob.vault, { baseSeq: 0, operations: [aPut(kept, 1), aPut(gone, 1)] });

    await bob.api.givenCommit(bob.vault, { baseSeq: 1, operations: [aDelete(gone, 2)] });

    const { items } = (await bob.api.call('GET', '/entries')).json<{ items: Entry[] }>();
    expect(items.map(({ id }) => id)).toEqual([kept]);
  });
});

describe('the list of entries', async () => {
  const lister = await givenCaller();
  const puts = somePuts(7);
  await lister.api.givenCommit(lister.vault, { baseSeq: 0, operations: puts });
  const ids = puts.map(({ id }) => id).toSorted();

  it.for([1, 2, 3, 6, 7, 8])('in pages of %i is the same list', async (limit) => {
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? `?limit=${limit}` : `?limit=${limit}&cursor=${cursor}`;
      const page = mustBe(200, await lister.api.call('GET', `/entries${query}`)).json<{
        items: Entry[];
        nextCursor: string | null;
      }>();
      pages.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);

    expect(pages.flat()).toEqual(ids);
    expect(pages).toHaveLength(Math.ceil(ids.length / limit));
  });

  it('of an empty vault is empty', async () => {
    const bob = await givenCaller();

    expect((await bob.api.call('GET', '/entries')).json()).toEqual({ items: [], nextCursor: null });
  });

  it('ends a page early rather than fill the memory', async () => {
    const bob = await givenCaller();
    for (const baseSeq of [0, 1]) {
      const operations = somePuts(23, ENVELOPE_BYTES.ciphertext.maxBytes);
      await bob.api.givenCommit(bob.vault, { baseSeq, operations });
    }

    const first = (await bob.api.call('GET', '/entries?limit=1000')).json();
    const second = (await bob.api.call('GET', `/entries?limit=1000&cursor=${first.nextCursor}`)).json();

    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([24, 22, null]);
  });

  it.for([
    ['limit=0', 422],
    ['limit=1', 200],
    [`limit=${PAGE_LIMITS.max}`, 200],
    [`limit=${PAGE_LIMITS.max + 1}`, 422],
    ['limit=x', 422],
    ['cursor=', 422],
    ['cursor=A', 422],
    [`cursor=${'A'.repeat(21)}B`, 422],
    [`cursor=${'A'.repeat(22)}`, 200],
    [`cursor=${'A'.repeat(23)}`, 422],
    [`cursor=${'A'.repeat(65)}`, 422],
    [`cursor=${'-'.repeat(21)}w`, 200],
    ["cursor=';--", 422],
    ['page=1', 422],
  ] as const)('asked with %s answers %i', async ([query, status]) => {
    expect((await lister.api.call('GET', `/entries?${query}`)).statusCode).toBe(status);
  });
});
