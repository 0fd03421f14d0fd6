import { randomUUID } from 'node:crypto';
import type { Changes, Entry } from '@zkvault/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, tally, vaultApi } from '../../../test/vault-api.ts';
import { anEnvelope } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const ada = vaultApi(server, await server.givenAccount());
const vaultId = await ada.givenVault('none');

const WRITERS = 20;
const LOSERS = WRITERS - 1;
const writers = Array.from({ length: WRITERS }, (_, index) => index);

const replace = (id: string, version: number, payload: object = anEnvelope()) =>
  ada.call('PUT', `/entries/${id}`, { payload, headers: { 'if-match': `"${version}"` } });

async function givenEntry(): Promise<string> {
  return mustBe(201, await ada.call('POST', '/entries', { payload: anEnvelope() })).json<Entry>().id;
}

describe('twenty writers of one entry', () => {
  it('have one winner per If-Match, and its envelope is the one that stays', async () => {
    const id = await givenEntry();

    for (let version = 1; version <= 5; version += 1) {
      const envelopes = writers.map(() => anEnvelope());
      const responses = await Promise.all(envelopes.map((envelope) => replace(id, version, envelope)));

      expect(tally(responses)).toEqual({ 200: 1, 412: LOSERS });
      for (const response of responses) expect(response.headers.etag).toBe(`"${version + 1}"`);
      const winner = envelopes[responses.findIndex(({ statusCode }) => statusCode === 200)];
      expect((await ada.call('GET', `/entries/${id}`)).json()).toMatchObject({
        ...winner,
        version: version + 1,
      });
    }
  });

  it('replace it or delete it, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await givenEntry();

      const responses = await Promise.all(
        writers.map((index) =>
          index % 2 === 0
            ? replace(id, 1)
            : ada.call('DELETE', `/entries/${id}`, { headers: { 'if-match': '"1"' } }),
        ),
      );

      const deleted = responses.some(({ statusCode }) => statusCode === 204);
      expect(tally(responses)).toEqual(deleted ? { 204: 1, 404: LOSERS } : { 200: 1, 412: LOSERS });
      expect((await ada.call('GET', `/entries/${id}`)).statusCode).toBe(deleted ? 404 : 200);
    }
  });

  it('create it once', async () => {
    const id = randomUUID();

    const responses = await Promise.all(
      writers.map(() => ada.call('POST', '/entries', { payload: { id, ...anEnvelope() } })),
    );

    expect(tally(responses)).toEqual({ 201: 1, 409: LOSERS });
  });
});

describe('twenty writers of twenty entries', () => {
  it('all succeed, one revision each', async () => {
    const before = (await ada.changes(vaultId)).json<Changes>();
    const entries = await Promise.all(writers.map(() => givenEntry()));

    const responses = await Promise.all(entries.map((id) => replace(id, 1)));

    expect(tally(responses)).toEqual({ 200: WRITERS });
    const after = (await ada.changes(vaultId, `?since=${before.revision}`)).json<Changes>();
    expect(after.revision).toBe(before.revision + 2 * WRITERS);
    expect(after.seq).toBe(before.seq + 2 * WRITERS);
    expect(after.entries.map(({ id }) => id).toSorted()).toEqual(entries.toSorted());
    expect(new Set(after.entries.map(({ revision }) => revision)).size).toBe(WRITERS);
  });
});
