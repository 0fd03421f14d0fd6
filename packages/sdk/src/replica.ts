/**
 * @file A vault as this device has verified it: an immutable value that exists only whole. The one
 * way to make one from a server's answer or from the cache is {@link verifyChanges}.
 */
import type { Entry as WireEntry } from '@zkvault/contract';
import {
  emptyManifestTree,
  entryLeaf,
  envelopeHash,
  equalInConstantTime,
  IntegrityError,
  type LeafChange,
  type ManifestTree,
  open,
  ProtocolError,
  tombstoneLeaf,
  type VaultKeys,
  wipe,
} from '@zkvault/crypto-core';
import type { Mark } from './account-state.ts';
import type { DownloadedChanges } from './changes-download.ts';
import { decodeEntry, ENTRY_SCHEMA } from './entry-document.ts';
import type { Entry } from './entry-kinds.ts';
import { type EntryTable, emptyEntryTable } from './entry-table.ts';
import { type KnownHistory, type Manifest, verifyHead } from './manifest-check.ts';
import { mapInTurns } from './turns.ts';

/** A verified vault. */
export interface Replica {
  readonly mark: Mark;
  /** When its newest commit was made, by its writer's clock. */
  readonly committedAt: string;
  /** Up to where changes were read; a hint for the next download, never trusted. */
  readonly revision: number;
  readonly tree: ManifestTree;
  readonly entries: EntryTable;
}

/** A vault to verify: where it is and its keys. */
export interface VaultPlace {
  readonly realm: string;
  readonly vaultId: string;
  readonly vkEpoch: number;
  readonly keys: VaultKeys;
}

/** A verified step from one state of a vault to the next. */
export interface VerifiedChanges {
  readonly replica: Replica;
  /** The commits from what was known (included) to the head. */
  readonly chain: readonly Mark[];
}

/**
 * Verifies changes against the manifest of their head and opens every entry in them. Nothing is
 * given unless all of it holds.
 *
 * @param base what the changes are on top of; undefined if they are the whole vault.
 * @param changes untrusted.
 * @param known what the head must continue.
 * @throws {IntegrityError} @throws {RollbackError} @throws {ForkError} @throws {ProtocolError}
 */
export async function verifyChanges(
  place: VaultPlace,
  base: Replica | undefined,
  changes: DownloadedChanges,
  known: KnownHistory,
): Promise<VerifiedChanges> {
  const { realm, vaultId, vkEpoch, keys } = place;
  const vault = { realm, vaultId, vkEpoch, manifestKey: keys.manifestKey };
  const { manifest, mark, chain } = await verifyHead(vault, known, changes.head, changes.manifests);
  const tree = (base?.tree ?? emptyManifestTree).with(await leavesOf(place, changes));
  assertMatches(tree, manifest);
  const opened = await mapInTurns([...changes.entries.values()], (entry) => openEntry(place, entry));
  const changed = new Map<string, Entry | undefined>();
  for (const id of changes.deleted.keys()) changed.set(id, undefined);
  for (const entry of opened) changed.set(entry.id, entry);
  const entries = (base?.entries ?? emptyEntryTable).with(changed);
  const { at: committedAt } = manifest;
  return { replica: { mark, committedAt, revision: changes.revision, tree, entries }, chain };
}

async function leavesOf(place: VaultPlace, changes: DownloadedChanges): Promise<readonly LeafChange[]> {
  const leaves = await mapInTurns([...changes.entries.values()], async (entry): Promise<LeafChange> => {
    if (entry.vkEpoch !== place.vkEpoch)
      throw new IntegrityError('epoch-mixed', 'an entry is of another epoch than its vault');
    return { entryId: entry.id, leaf: leafOf(entry) };
  });
  const tombstones = await mapInTurns([...changes.deleted], async ([entryId, version]) => ({
    entryId,
    leaf: tombstoneLeaf({ entryId, version }),
  }));
  return [...leaves, ...tombstones];
}

/** The leaf of an entry on the wire. @throws {ProtocolError} not an envelope. */
export function leafOf(
  entry: Pick<WireEntry, 'id' | 'version' | 'vkEpoch' | 'ciphertext' | 'iv' | 'tag'>,
): Uint8Array {
  const { id: entryId, version, vkEpoch } = entry;
  return entryLeaf({ entryId, version, vkEpoch, envelopeHash: envelopeHash(entry) });
}

function assertMatches(tree: ManifestTree, manifest: Manifest): void {
  if (tree.count !== manifest.count || !equalInConstantTime(tree.root(), manifest.root))
    throw new IntegrityError('manifest-mismatch', 'the entries given are not those of the manifest');
}

/**
 * Opens one entry of a vault at its version. The caller decides whether it is the one that should be there.
 *
 * @param sealed untrusted.
 * @throws {IntegrityError} another entry's, another version's, another key's, or altered.
 * @throws {ProtocolError} of an unknown schema, or no entry.
 */
export async function openEntry(
  place: VaultPlace,
  sealed: Omit<WireEntry, 'revision' | 'updatedAt'>,
): Promise<Entry> {
  const { id, version, vkEpoch, schema } = sealed;
  const { realm, vaultId, keys } = place;
  if (schema !== ENTRY_SCHEMA)
    throw new ProtocolError('schema-unknown', 'an entry is of a schema this version does not know');
  const plaintext = await open(
    keys.entryKey,
    { object: 'entry', realm, vaultId, vkEpoch, entryId: id, version, schema },
    sealed,
  );
  const entry = decodeEntry(plaintext, { id, version });
  wipe(plaintext);
  return entry;
}
