/**
 * @file Manifests of a vault: what a commit swears the vault holds (docs/protocol.md section 6).
 * From here come the refusals of drops, swaps, replays, forks and rollbacks.
 */
import type { Sealed } from '@zkvault/contract';
import {
  encodeBase64Url,
  equalInConstantTime,
  IntegrityError,
  manifestKeyFromBytes,
  open,
  type SealingKey,
  seal,
  wipe,
} from '@zkvault/crypto-core';
import { type Mark, markOf } from './account-state.ts';
import { ForkError, RollbackError } from './errors.ts';
import {
  asObject,
  counter,
  decodeDocument,
  encodeDocument,
  exactly,
  hash,
  instant,
  ordinal,
  uuid,
} from './sealed-json.ts';

/** `prev` of the first manifest. */
export const NO_PREVIOUS_HASH: Uint8Array = new Uint8Array(32);

/** Which vault a manifest must be of, and its key. */
export interface ManifestVault {
  readonly realm: string;
  readonly vaultId: string;
  readonly vkEpoch: number;
  readonly manifestKey: SealingKey<'manifest'>;
}

/** The plaintext of a manifest. */
export interface Manifest {
  readonly vaultId: string;
  readonly vkEpoch: number;
  readonly seq: number;
  /** Hash of the manifest before. */
  readonly prev: Uint8Array;
  /** Root of the radix tree over all leaves, tombstones included. */
  readonly root: Uint8Array;
  /** Number of leaves, tombstones included. */
  readonly count: number;
  readonly writer: { readonly accountId: string; readonly deviceId: string };
  readonly at: string;
  /**
   * In the first manifest of every epoch but 1: the manifest key of the epoch before, so that the chain can
   * be followed back across a rotation. It opens manifests and nothing else.
   */
  readonly formerKey?: SealingKey<'manifest'>;
}

/** Seals a manifest for its place. */
export async function sealManifest(vault: ManifestVault, manifest: Manifest): Promise<Sealed> {
  const { realm, vaultId, vkEpoch, manifestKey } = vault;
  const { formerKey, ...said } = manifest;
  const { seq } = said;
  const plaintext = encodeDocument({
    ...said,
    prev: encodeBase64Url(said.prev),
    root: encodeBase64Url(said.root),
    ...(formerKey === undefined ? {} : { formerKey: encodeBase64Url(formerKey) }),
  });
  const envelope = await seal(manifestKey, { object: 'manifest', realm, vaultId, vkEpoch, seq }, plaintext);
  return { ...envelope, seq };
}

/**
 * Opens a manifest and checks that it is of this vault.
 *
 * @param sealed untrusted.
 * @throws {IntegrityError} another vault's, another epoch's, another seq's, or altered.
 * @throws {ProtocolError} malformed.
 */
export async function openManifest(vault: ManifestVault, sealed: Sealed): Promise<Manifest> {
  const { realm, vaultId, vkEpoch, manifestKey } = vault;
  const { seq } = sealed;
  const plaintext = await open(manifestKey, { object: 'manifest', realm, vaultId, vkEpoch, seq }, sealed);
  const manifest = decodeDocument(plaintext, 'manifest', readManifest);
  wipe(plaintext);
  const isOfPlace = manifest.vaultId === vaultId && manifest.vkEpoch === vkEpoch && manifest.seq === seq;
  if (!isOfPlace || (manifest.formerKey !== undefined && vkEpoch === 1))
    throw new IntegrityError('manifest-contradiction', 'the manifest contradicts its own place');
  return manifest;
}

const fields = {
  vaultId: uuid,
  vkEpoch: ordinal,
  seq: counter,
  prev: hash,
  root: hash,
  count: counter,
  writer: exactly('writer', { accountId: uuid, deviceId: uuid }),
  at: instant,
};
const readOrdinary = exactly('manifest', fields);
const readFirstOfEpoch = exactly('manifest', {
  ...fields,
  formerKey: (value) => manifestKeyFromBytes(hash(value)),
});

function readManifest(value: unknown): Manifest {
  const isFirstOfEpoch = Object.hasOwn(asObject(value, 'manifest'), 'formerKey');
  return isFirstOfEpoch ? readFirstOfEpoch(value) : readOrdinary(value);
}

/** What a client already knows of a vault's history. */
export interface KnownHistory {
  /** A verified commit; the chain of manifests begins after it. */
  readonly anchor: Mark;
  /** Commits the history must pass through if they are not before the anchor: pin and checkpoint. */
  readonly marks: readonly Mark[];
}

/** A manifest that hangs on the known history by an unbroken chain. */
export interface VerifiedHead {
  readonly manifest: Manifest;
  readonly mark: Mark;
  /** The marks from the anchor (included) to the head. */
  readonly chain: readonly Mark[];
}

/**
 * Checks that a head manifest continues what is known.
 *
 * @param head untrusted.
 * @param manifests untrusted; those after the anchor, oldest first, the head among them.
 * @throws {RollbackError} the head is older than what is known.
 * @throws {ForkError} the head, or a manifest on the way, is not the one that is known.
 * @throws {IntegrityError} a manifest does not open, or the chain has a hole.
 */
export async function verifyHead(
  vault: ManifestVault,
  known: KnownHistory,
  head: Sealed,
  manifests: readonly Sealed[],
): Promise<VerifiedHead> {
  const newest = Math.max(known.anchor.seq, ...known.marks.map(({ seq }) => seq));
  if (head.seq < newest)
    throw new RollbackError(`the server gives commit ${head.seq}, commit ${newest} was verified before`);
  const manifest = await openManifest(vault, head);
  const chain = await verifyChain(vault, known.anchor, manifests);
  const last = chain.at(-1)!;
  const mark = markOf(head);
  if (last.seq !== mark.seq) throw new IntegrityError('chain-broken', 'the chain of manifests has a hole');
  assertSame(last, mark);
  for (const passed of known.marks) assertPasses(chain, passed);
  return { manifest, mark, chain };
}

async function verifyChain(
  vault: ManifestVault,
  anchor: Mark,
  manifests: readonly Sealed[],
): Promise<readonly Mark[]> {
  if (manifests.some(({ seq }, index) => seq !== anchor.seq + 1 + index))
    throw new IntegrityError('chain-broken', 'the chain of manifests has a hole');
  const links = await readLinks(vault, manifests);
  const chain = [anchor];
  for (const [index, sealed] of manifests.entries()) {
    const previous = chain[index]!;
    if (!equalInConstantTime(links[index]!, previous.hash))
      throw new ForkError(
        `commit ${sealed.seq} does not follow the commit ${previous.seq} that was verified`,
      );
    chain.push(markOf(sealed));
  }
  return chain;
}

/**
 * The `prev` of each manifest. They are opened from the newest back, because the first of an epoch has the
 * key of the epoch before: an old key only ever opens what the present one vouches for.
 */
async function readLinks(vault: ManifestVault, manifests: readonly Sealed[]): Promise<readonly Uint8Array[]> {
  const links: Uint8Array[] = [];
  const formerKeys: SealingKey<'manifest'>[] = [];
  let at = vault;
  try {
    for (const sealed of manifests.toReversed()) {
      const { prev, formerKey } = await openManifest(at, sealed);
      links.push(prev);
      if (formerKey === undefined) continue;
      formerKeys.push(formerKey);
      at = { ...at, vkEpoch: at.vkEpoch - 1, manifestKey: formerKey };
    }
  } finally {
    wipe(...formerKeys);
  }
  return links.toReversed();
}

function assertPasses(chain: readonly Mark[], known: Mark): void {
  const there = chain.find(({ seq }) => seq === known.seq);
  if (there !== undefined) assertSame(there, known);
}

function assertSame(given: Mark, known: Mark): void {
  if (!equalInConstantTime(given.hash, known.hash))
    throw new ForkError(`commit ${given.seq} is not the commit ${known.seq} that was verified`);
}
