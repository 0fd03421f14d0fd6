import type { Sealed, Entry as WireEntry } from '@zkvault/contract';
import {
  deriveVaultKeys,
  emptyManifestTree,
  IntegrityError,
  type ManifestTree,
  makeVaultKey,
  seal,
} from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { markOf } from './account-state.ts';
import { encodeEntry, entryOfDraft } from './entry-document.ts';
import { NO_PREVIOUS_HASH, sealManifest } from './manifest-check.ts';
import { leafOf, type VaultPlace, verifyChanges } from './replica.ts';

const ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const AT = '2026-11-22T12:00:00.000Z';
const place: VaultPlace = {
  realm: 'vault.example',
  vaultId: ID,
  vkEpoch: 1,
  keys: deriveVaultKeys(makeVaultKey()),
};

async function sealEntry(vkEpoch: number): Promise<WireEntry> {
  const id = crypto.randomUUID();
  const { realm, vaultId, keys } = place;
  const { plaintext } = encodeEntry(entryOfDraft({ type: 'note', title: 'a' }, { id, version: 1 }, AT));
  const envelope = await seal(
    keys.entryKey,
    { object: 'entry', realm, vaultId, vkEpoch, entryId: id, version: 1, schema: 1 },
    plaintext,
  );
  return { id, version: 1, vkEpoch, schema: 1, ...envelope, revision: 1, updatedAt: AT };
}

/** A head that swears to a tree, by somebody who holds the key of the vault. */
function sealHead(tree: ManifestTree, count = tree.count): Promise<Sealed> {
  const { realm, vaultId, vkEpoch, keys } = place;
  return sealManifest(
    { realm, vaultId, vkEpoch, manifestKey: keys.manifestKey },
    {
      vaultId,
      vkEpoch,
      seq: 0,
      prev: NO_PREVIOUS_HASH,
      root: tree.root(),
      count,
      writer: { accountId: ID, deviceId: ID },
      at: AT,
    },
  );
}

async function verify(entry: WireEntry, head: Sealed) {
  const changes = {
    head,
    revision: 1,
    vkEpoch: 1,
    manifests: [],
    entries: new Map([[entry.id, entry]]),
    deleted: new Map(),
  };
  return verifyChanges(place, undefined, changes, { anchor: markOf(head), marks: [] });
}

describe('a set of entries', () => {
  it('is given whole if it is what the manifest swears to', async () => {
    const entry = await sealEntry(1);
    const tree = emptyManifestTree.with([{ entryId: entry.id, leaf: leafOf(entry) }]);

    const { replica } = await verify(entry, await sealHead(tree));

    expect([...replica.entries.values()]).toMatchObject([{ id: entry.id, title: 'a' }]);
  });

  it('is refused if the manifest swears to another number of leaves', async () => {
    const entry = await sealEntry(1);
    const tree = emptyManifestTree.with([{ entryId: entry.id, leaf: leafOf(entry) }]);

    await expect(verify(entry, await sealHead(tree, 2))).rejects.toMatchObject({ code: 'manifest-mismatch' });
  });

  it('is refused if an entry is of another epoch, even where the manifest swears to it', async () => {
    const entry = await sealEntry(2);
    const tree = emptyManifestTree.with([{ entryId: entry.id, leaf: leafOf(entry) }]);

    await expect(verify(entry, await sealHead(tree))).rejects.toMatchObject({ code: 'epoch-mixed' });
  });

  it('is refused if an entry does not open, even where the manifest swears to it', async () => {
    const entry = { ...(await sealEntry(1)), id: crypto.randomUUID() };
    const tree = emptyManifestTree.with([{ entryId: entry.id, leaf: leafOf(entry) }]);

    await expect(verify(entry, await sealHead(tree))).rejects.toThrow(IntegrityError);
  });
});
