import { randomUUID } from 'node:crypto';
import {
  CHANGES_LIMITS,
  type Changes,
  ENVELOPE_BYTES,
  type Problem,
  type PutOperation,
  type Sealed,
  SMALL_ENVELOPE_BYTES,
} from '@zkvault/contract';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { vaultApi } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, aSealed, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const ada = vaultApi(server, await server.givenAccount());

describe('changes', () => {
  it('of a new vault are none, with its first manifest as head', async () => {
    const vaultId = await ada.givenVault('manifest');

    const response = await ada.changes(vaultId);

    expect(response.json<Changes>()).toMatchObject({
      revision: 0,
      seq: 0,
      manifests: [],
      entries: [],
      deleted: [],
      nextSince: null,
    });
    expect(response.json<Changes>().manifest?.seq).toBe(0);
  });

  it('of a vault without manifests have none', async () => {
    const vaultId = await ada.givenVault('none');
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: somePuts(2) });

    const changes = (await ada.changes(vaultId)).json<Changes>();

    expect(changes.manifest).toBeNull();
    expect(changes.manifests).toEqual([]);
  });

  it('since the head, or beyond it, are none', async () => {
    const vaultId = await ada.givenVault('none');
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: somePuts(2) });

    for (const since of [2, 3, Number.MAX_SAFE_INTEGER]) {
      const changes = (await ada.changes(vaultId, `?since=${since}`)).json<Changes>();

      expect(changes).toMatchObject({ revision: 2, seq: 1, entries: [], deleted: [], nextSince: null });
    }
  });

  it('end a page between any two operations of a commit', async () => {
    const vaultId = await ada.givenVault('none');
    await ada.givenCommit(vaultId, { baseSeq: 0, operations: somePuts(5) });

    const pages = await ada.allChanges(vaultId, { limit: 2 });

    expect(pages.map(({ nextSince }) => nextSince)).toEqual([2, 4, null]);
    expect(pages.map(({ entries }) => entries.length)).toEqual([2, 2, 1]);
  });

  it('give the manifests of the window, oldest first, and no more than the limit', async () => {
    const vaultId = await ada.givenVault('manifest');
    const manifests = await givenManifests(vaultId, 5);

    const pages = await ada.allChanges(vaultId, { limit: 2 });

    expect(pages.map((page) => page.manifests)).toEqual([
      manifests.slice(0, 2),
      manifests.slice(2, 4),
      manifests.slice(4),
    ]);
    expect(pages.every((page) => page.manifest?.ciphertext === manifests.at(-1)?.ciphertext)).toBe(true);
  });

  it('end a page at the limit of manifests although few entries changed', async () => {
    const vaultId = await ada.givenVault('manifest');
    const id = randomUUID();
    for (const seq of [1, 2, 3, 4]) {
      await ada.givenCommit(vaultId, {
        baseSeq: seq - 1,
        operations: [aPut(id, seq)],
        manifest: aSealed(seq),
      });
    }

    const pages = await ada.allChanges(vaultId, { limit: 3 });

    expect(pages.map(({ manifests }) => manifests.map(({ seq }) => seq))).toEqual([[1, 2, 3], [4]]);
    expect(pages.map(({ entries }) => entries.length)).toEqual([0, 1]);
  });

  it('leave out the manifests that the caller has', async () => {
    const vaultId = await ada.givenVault('manifest');
    const manifests = await givenManifests(vaultId, 4);

    const seqs = async (query: string) =>
      (await ada.changes(vaultId, query)).json<Changes>().manifests.map(({ seq }) => seq);

    expect(await seqs('?manifestsAfter=0')).toEqual([1, 2, 3, 4]);
    expect(await seqs('?manifestsAfter=2')).toEqual([3, 4]);
    expect(await seqs('?since=3&manifestsAfter=1')).toEqual([4]);
    expect(await seqs('?since=1&manifestsAfter=3')).toEqual([4]);
    expect(await seqs('?manifestsAfter=4')).toEqual([]);
    expect(await seqs(`?manifestsAfter=${Number.MAX_SAFE_INTEGER}`)).toEqual([]);
    expect(manifests).toHaveLength(4);
  });

  it('end a page early rather than fill the memory', async () => {
    const vaultId = await ada.givenVault('none');
    for (const baseSeq of [0, 1]) {
      await ada.givenCommit(vaultId, {
        baseSeq,
        operations: somePuts(23, ENVELOPE_BYTES.ciphertext.maxBytes),
      });
    }

    const pages = await ada.allChanges(vaultId, { limit: CHANGES_LIMITS.max });

    expect(pages.map(({ entries }) => entries.length)).toEqual([24, 22]);
  });

  it('end a page early for large manifests too', async () => {
    const vaultId = await ada.givenVault('manifest');
    const { ciphertext, iv, tag } = anEnvelope(SMALL_ENVELOPE_BYTES.maxBytes);
    await sql`
      insert into manifests (vault_id, seq, revision, ciphertext, iv, tag)
      select ${vaultId}::uuid, seq, seq, ${ciphertext}, ${iv}, ${tag} from generate_series(1, 200) as seq`.execute(
      server.db,
    );
    await sql`update vaults set seq = 200, revision = 200 where id = ${vaultId}`.execute(server.db);

    const pages = await ada.allChanges(vaultId, { limit: CHANGES_LIMITS.max });

    expect(pages.map(({ manifests }) => manifests.length)).toEqual([192, 8]);
  });

  it.for([
    ['limit=0', 422],
    ['limit=1', 200],
    [`limit=${CHANGES_LIMITS.max}`, 200],
    [`limit=${CHANGES_LIMITS.max + 1}`, 422],
    ['limit=', 422],
    ['limit=1.5', 422],
    ['limit=1e2', 422],
    ['limit=1&limit=2', 422],
    ['since=-1', 422],
    ['since=0', 200],
    [`since=${Number.MAX_SAFE_INTEGER}`, 200],
    [`since=${Number.MAX_SAFE_INTEGER + 1}`, 422],
    ['since=abc', 422],
    ['manifestsAfter=-1', 422],
    ['offset=1', 422],
  ] as const)('asked with %s answer %i', async ([query, status]) => {
    const vaultId = await ada.givenVault('none');

    const response = await ada.changes(vaultId, `?${query}`);

    expect(response.statusCode).toBe(status);
    if (status === 422) expect(response.json<Problem>().code).toBe('request-invalid');
  });

  it('paged while commits go on end with exactly the set of the head', async () => {
    const vaultId = await ada.givenVault('manifest');
    const ids = Array.from({ length: 30 }, () => randomUUID());
    const operations = ids.map((id) => aPut(id, 1));
    await ada.givenCommit(vaultId, { baseSeq: 0, operations, manifest: aSealed(1) });

    const seen = new Map<string, number>();
    let since: number | null = 0;
    let seq = 1;
    while (since !== null) {
      const page: Changes = (await ada.changes(vaultId, `?since=${since}&limit=7`)).json<Changes>();
      for (const { id, version } of page.entries) seen.set(id, version);
      for (const { id } of page.deleted) seen.delete(id);
      since = page.nextSince;
      if (seq < 10) {
        const [changed, deleted] = [ids[seq] ?? '', ids[29 - seq] ?? ''];
        const next = [aPut(changed, 2), aDelete(deleted, 2), aPut(randomUUID(), 1)];
        await ada.givenCommit(vaultId, { baseSeq: seq, operations: next, manifest: aSealed(seq + 1) });
        seq += 1;
        since ??= page.revision;
      }
    }

    const head = (await ada.allChanges(vaultId)).flatMap(({ entries }) => entries);
    expect(seen).toEqual(new Map(head.map(({ id, version }) => [id, version])));
    expect(seen.size).toBe(30);
  });
});

describe('changes against a model', () => {
  it('are the model at any page size, from any revision, after any sequence of commits', async () => {
    const step = fc.record({ slot: fc.nat(7), remove: fc.boolean() });
    const commit = fc.uniqueArray(step, { minLength: 1, maxLength: 6, selector: ({ slot }) => slot });
    const property = fc.asyncProperty(
      fc.array(commit, { maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(40),
      async (commits, limit, since) => {
        const vaultId = await ada.givenVault('manifest');
        const model = new Model();
        for (const steps of commits) {
          const operations = model.apply(steps);
          const [baseSeq, manifest] = [model.seq, aSealed(model.seq + 1)];
          model.seq += 1;
          model.manifests.push({ revision: model.revision, manifest });
          await ada.givenCommit(vaultId, { baseSeq, operations, manifest });
        }

        const pages = await ada.allChanges(vaultId, { limit, since });

        expect(pages.flatMap(({ entries }) => entries)).toMatchObject(model.entriesAfter(since));
        expect(pages.flatMap(({ deleted }) => deleted)).toEqual(model.deletedAfter(since));
        expect(pages.flatMap(({ manifests }) => manifests)).toEqual(model.manifestsAfter(since));
        for (const page of pages) {
          expect(page).toMatchObject({ revision: model.revision, seq: model.seq });
          expect(page.manifest?.seq).toBe(model.seq);
          expect(page.entries.length + page.deleted.length).toBeLessThanOrEqual(limit);
          expect(page.manifests.length).toBeLessThanOrEqual(limit);
        }
      },
    );

    await fc.assert(property, { numRuns: 40 });
  });
});

/** What the server should know, written the simplest way. */
class Model {
  revision = 0;
  seq = 0;
  readonly manifests: { revision: number; manifest: Sealed }[] = [];
  /** Newest change last. */
  #rows: { id: string; version: number; revision: number; put?: PutOperation }[] = [];
  readonly #slots: string[] = [];

  apply(steps: readonly { slot: number; remove: boolean }[]) {
    return steps.map(({ slot, remove }) => {
      const present = this.#rows.find(({ id }) => id === this.#slots[slot]);
      this.revision += 1;
      if (present?.put === undefined) {
        const put = aPut(randomUUID(), 1);
        this.#slots[slot] = put.id;
        this.#rows.push({ id: put.id, version: 1, revision: this.revision, put });
        return put;
      }
      const { id } = present;
      const version = present.version + 1;
      const operation = remove ? aDelete(id, version) : aPut(id, version);
      this.#rows = this.#rows.filter((row) => row !== present);
      const put = operation.op === 'put' ? { put: operation } : {};
      this.#rows.push({ id, version, revision: this.revision, ...put });
      return operation;
    });
  }

  entriesAfter(since: number) {
    return this.#rows
      .filter(({ revision, put }) => revision > since && put !== undefined)
      .map(({ put, revision }) => {
        const { op: _op, ...entry } = put as PutOperation;
        return { ...entry, revision };
      });
  }

  deletedAfter(since: number) {
    return this.#rows
      .filter(({ revision, put }) => revision > since && put === undefined)
      .map(({ id, version }) => ({ id, version }));
  }

  manifestsAfter(since: number) {
    return this.manifests.filter(({ revision }) => revision > since).map(({ manifest }) => manifest);
  }
}

async function givenManifests(vaultId: string, count: number): Promise<Sealed[]> {
  const manifests = Array.from({ length: count }, (_, index) => aSealed(index + 1));
  for (const manifest of manifests) {
    await ada.givenCommit(vaultId, { baseSeq: manifest.seq - 1, operations: somePuts(1), manifest });
  }
  return manifests;
}
