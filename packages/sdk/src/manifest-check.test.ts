import type { Sealed } from '@zkvault/contract';
import {
  deriveVaultKeys,
  IntegrityError,
  makeVaultKey,
  manifestKeyFromBytes,
  seal,
} from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { markOf } from './account-state.ts';
import { ForkError, ProtocolError, RollbackError } from './errors.ts';
import {
  type Manifest,
  type ManifestVault,
  NO_PREVIOUS_HASH,
  openManifest,
  sealManifest,
  verifyHead,
} from './manifest-check.ts';
import { encodeDocument } from './sealed-json.ts';

const ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const vault: ManifestVault = {
  realm: 'vault.example',
  vaultId: ID,
  vkEpoch: 1,
  manifestKey: deriveVaultKeys(makeVaultKey()).manifestKey,
};
const manifest: Manifest = {
  vaultId: ID,
  vkEpoch: 1,
  seq: 0,
  prev: NO_PREVIOUS_HASH,
  root: new Uint8Array(32),
  count: 0,
  writer: { accountId: ID, deviceId: ID },
  at: '2026-11-22T12:00:00.000Z',
};

/** Commits 0 to `length` - 1, each following the one before. */
async function givenChain(length: number) {
  const chain = [await sealManifest(vault, manifest)];
  while (chain.length < length) {
    const previous = markOf(chain.at(-1)!);
    chain.push(await sealManifest(vault, { ...manifest, seq: previous.seq + 1, prev: previous.hash }));
  }
  return chain;
}

describe('a manifest', () => {
  it('is opened as it was sealed', async () => {
    expect(await openManifest(vault, await sealManifest(vault, manifest))).toEqual(manifest);
  });

  it.for([
    ['realm', { realm: 'other.example' }],
    ['vault', { vaultId: ID.replace('5c', '6c') }],
    ['epoch', { vkEpoch: 2 }],
    ['key', { manifestKey: deriveVaultKeys(makeVaultKey()).manifestKey }],
  ] as const)('of another %s is refused', async ([, change]) => {
    const sealed = await sealManifest(vault, manifest);

    await expect(openManifest({ ...vault, ...change }, sealed)).rejects.toThrow(IntegrityError);
  });

  it.for([
    ['vault', { vaultId: ID.replace('5c', '6c') }],
    ['epoch', { vkEpoch: 2 }],
    ['number', { seq: 1 }],
  ] as const)('that speaks of another %s than its place is refused', async ([, change]) => {
    const { realm, vaultId, vkEpoch } = vault;
    const plaintext = { ...manifest, prev: 'A'.repeat(43), root: 'A'.repeat(43), ...change };
    const place = { object: 'manifest', realm, vaultId, vkEpoch, seq: 0 } as const;
    const envelope = await seal(vault.manifestKey, place, encodeDocument(plaintext));

    await expect(openManifest(vault, { ...envelope, seq: 0 })).rejects.toMatchObject({
      code: 'manifest-contradiction',
    });
  });

  it.for([
    ['a field missing', { count: undefined }],
    ['a field too many', { more: 1 }],
    ['a negative count', { count: -1 }],
    ['a short root', { root: 'AAAA' }],
    ['a writer without device', { writer: { accountId: ID } }],
  ] as const)('with %s is malformed', async ([, change]) => {
    const { realm, vaultId, vkEpoch } = vault;
    const plaintext = { ...manifest, prev: 'A'.repeat(43), root: 'A'.repeat(43), ...change };
    const place = { object: 'manifest', realm, vaultId, vkEpoch, seq: 0 } as const;
    const envelope = await seal(vault.manifestKey, place, encodeDocument(plaintext));

    await expect(openManifest(vault, { ...envelope, seq: 0 })).rejects.toThrow(ProtocolError);
  });
});

describe('a history', () => {
  it('is whole from what is known to the head', async () => {
    const chain = await givenChain(4);
    const known = { anchor: markOf(chain[1]!), marks: [markOf(chain[0]!), markOf(chain[2]!)] };

    const head = await verifyHead(vault, known, chain[3]!, chain.slice(2));

    expect(head.mark).toEqual(markOf(chain[3]!));
    expect(head.chain.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('that ends before what is known is a rollback', async () => {
    const chain = await givenChain(4);

    for (const known of [
      { anchor: markOf(chain[3]!), marks: [] },
      { anchor: markOf(chain[1]!), marks: [markOf(chain[3]!)] },
    ])
      await expect(verifyHead(vault, known, chain[2]!, [chain[2]!])).rejects.toThrow(RollbackError);
  });

  it('that does not pass through what is known is a fork', async () => {
    const [ours, theirs] = [await givenChain(4), await givenChain(4)];

    const cases = [
      { anchor: markOf(ours[3]!), marks: [] },
      { anchor: markOf(ours[2]!), marks: [] },
      { anchor: markOf(theirs[1]!), marks: [markOf(ours[2]!)] },
      { anchor: markOf(theirs[1]!), marks: [markOf(ours[3]!)] },
    ];
    for (const known of cases) {
      const given = theirs.slice(known.anchor.seq + 1);
      await expect(verifyHead(vault, known, theirs[3]!, given)).rejects.toThrow(ForkError);
    }
  });

  it('whose head is not the end of its chain is a fork', async () => {
    const chain = await givenChain(3);
    const another = await sealManifest(vault, { ...manifest, seq: 2, prev: markOf(chain[1]!).hash });

    await expect(
      verifyHead(vault, { anchor: markOf(chain[0]!), marks: [] }, another, chain.slice(1)),
    ).rejects.toThrow(ForkError);
  });

  it.for([
    ['at its beginning', [2, 3]],
    ['in its middle', [1, 3]],
    ['at its end', [1, 2]],
    ['everywhere', []],
  ] as const)('with a hole %s is broken', async ([, present]) => {
    const chain = await givenChain(4);

    const given = present.map((index) => chain[index]!);

    await expect(
      verifyHead(vault, { anchor: markOf(chain[0]!), marks: [] }, chain[3]!, given),
    ).rejects.toMatchObject({ code: 'chain-broken' });
  });
});

describe('a chain across rotations', () => {
  /** Commits 0 and 1 under epoch 1, 2 and 3 under epoch 2, 4 under epoch 3. */
  async function givenRotations() {
    const keys = [1, 2, 3].map(() => deriveVaultKeys(makeVaultKey()).manifestKey);
    const placeOf = (vkEpoch: number) => ({ ...vault, vkEpoch, manifestKey: keys[vkEpoch - 1]! });
    const chain: Sealed[] = [];
    for (const [seq, vkEpoch] of [1, 1, 2, 2, 3].entries()) {
      const prev = seq === 0 ? NO_PREVIOUS_HASH : markOf(chain.at(-1)!).hash;
      const isFirst = seq === 2 || seq === 4;
      const formerKey = isFirst ? { formerKey: manifestKeyFromBytes(keys[vkEpoch - 2]!.slice()) } : {};
      chain.push(await sealManifest(placeOf(vkEpoch), { ...manifest, vkEpoch, seq, prev, ...formerKey }));
    }
    return { chain, placeOf };
  }

  it.for([0, 1, 2, 3])('is followed back to commit %i', async (seq) => {
    const { chain, placeOf } = await givenRotations();
    const known = { anchor: markOf(chain[seq]!), marks: [markOf(chain[seq]!)] };

    const head = await verifyHead(placeOf(3), known, chain[4]!, chain.slice(seq + 1));

    expect(head.chain).toEqual(chain.slice(seq).map(markOf));
  });

  it('is refused if it left the known one before a rotation', async () => {
    const { chain, placeOf } = await givenRotations();
    const ours = await sealManifest(placeOf(1), { ...manifest, seq: 1, prev: markOf(chain[0]!).hash });
    const known = { anchor: markOf(ours), marks: [] };

    await expect(verifyHead(placeOf(3), known, chain[4]!, chain.slice(2))).rejects.toThrow(ForkError);
  });

  it('is refused if its head is of a former epoch', async () => {
    const { chain, placeOf } = await givenRotations();
    const known = { anchor: markOf(chain[0]!), marks: [] };

    await expect(verifyHead(placeOf(3), known, chain[3]!, chain.slice(1, 4))).rejects.toThrow(IntegrityError);
  });

  it('does not begin with a key of the epoch before the first', async () => {
    const formerKey = manifestKeyFromBytes(new Uint8Array(32));
    const sealed = await sealManifest(vault, { ...manifest, formerKey });

    await expect(openManifest(vault, sealed)).rejects.toMatchObject({ code: 'manifest-contradiction' });
  });
});
