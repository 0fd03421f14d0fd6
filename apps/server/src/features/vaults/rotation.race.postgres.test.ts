/** Rotations beside writes and beside each other: whatever wins, no vault ever mixes two epochs. */
import { randomUUID } from 'node:crypto';
import type { Changes } from '@zkvault/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { mustBe, vaultApi } from '../../../test/vault-api.ts';
import { anEnvelope, aPut, aSealed, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const ada = vaultApi(server, await server.givenAccount());
const ROUNDS = 6;

async function givenVault() {
  const vaultId = await ada.givenVault('manifest');
  const puts = somePuts(20);
  await ada.givenCommit(vaultId, { baseSeq: 0, operations: puts, manifest: aSealed(1) });
  return { vaultId, ids: puts.map(({ id }) => id) };
}

/** Stages every entry at version 1 and asks for the switch. Its envelopes all have one iv, to tell them apart. */
function rotator(vaultId: string, ids: readonly string[]) {
  const rotationId = randomUUID();
  const { iv } = anEnvelope();
  const entries = ids.map((id) => ({ id, version: 1, schema: 1, ...anEnvelope(), iv }));
  return {
    iv,
    stage: (from = 0, to = ids.length) =>
      ada.call('POST', `/vaults/${vaultId}/rotation`, {
        payload: { rotationId, vkEpoch: 2, entries: entries.slice(from, to) },
      }),
    finish: () =>
      ada.call('PUT', `/vaults/${vaultId}`, {
        payload: { vkEpoch: 2, wrap: anEnvelope(), rotationId, manifest: aSealed(2) },
      }),
  };
}

const read = async (vaultId: string) => (await ada.changes(vaultId)).json<Changes>();

describe('a rotation', () => {
  it('or a commit beside it wins, never both', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { vaultId, ids } = await givenVault();
      const rotation = rotator(vaultId, ids);
      mustBe(200, await rotation.stage());

      const [finished, ...commits] = await Promise.all([
        rotation.finish(),
        ...ids
          .slice(0, 8)
          .map((id) => ada.commit(vaultId, { baseSeq: 1, operations: [aPut(id, 2)], manifest: aSealed(2) })),
      ]);

      const won = [finished, ...commits].filter(({ statusCode }) => statusCode === 200);
      expect(won).toHaveLength(1);
      const page = await read(vaultId);
      expect(page).toMatchObject({ seq: 2, vkEpoch: finished.statusCode === 200 ? 2 : 1 });
      expect(new Set(page.entries.map(({ vkEpoch }) => vkEpoch))).toEqual(new Set([page.vkEpoch]));
      expect(page.entries).toHaveLength(20);
    }
  });

  it('of one of several devices wins whole, or none does', async () => {
    let wins = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { vaultId, ids } = await givenVault();
      // In one batch the last to stage wins; in several, each may empty the area of the others for ever.
      const batch = round % 2 === 0 ? ids.length : 5;
      const rotations = [rotator(vaultId, ids), rotator(vaultId, ids), rotator(vaultId, ids)];

      const finished = await Promise.all(
        rotations.map(async (rotation) => {
          for (let from = 0; from < ids.length; from += batch) await rotation.stage(from, from + batch);
          return rotation.finish();
        }),
      );

      const winners = rotations.filter((_, index) => finished[index]?.statusCode === 200);
      expect(winners.length).toBeLessThanOrEqual(1);
      wins += winners.length;
      const page = await read(vaultId);
      expect(page.vkEpoch).toBe(winners.length + 1);
      if (winners[0] === undefined) continue;
      expect(page.entries.map(({ iv }) => iv)).toEqual(ids.map(() => winners[0]?.iv));
    }
    expect(wins).toBeGreaterThanOrEqual(ROUNDS / 2);
  });

  it('is whole in every page read meanwhile', async () => {
    const { vaultId, ids } = await givenVault();
    const rotation = rotator(vaultId, ids);
    mustBe(200, await rotation.stage());

    const [finished, ...pages] = await Promise.all([
      rotation.finish(),
      ...Array.from({ length: 20 }, () => read(vaultId)),
    ]);

    expect(finished.statusCode).toBe(200);
    for (const page of [...pages, await read(vaultId)]) {
      expect(page.manifest?.seq).toBe(page.seq);
      expect(new Set(page.entries.map(({ vkEpoch }) => vkEpoch))).toEqual(new Set([page.vkEpoch]));
    }
  });
});
