/** @file Seals a commit: the entries, and the manifest that swears to the whole vault after it. */
import type { DeleteOperation, Deletion, PutOperation, Entry as WireEntry } from '@zkvault/contract';
import { type LeafChange, seal, tombstoneLeaf, wipe } from '@zkvault/crypto-core';
import { markOf } from './account-state.ts';
import type { CachePart } from './cache.ts';
import { ENTRY_SCHEMA, type EncodedEntry, encodeEntry } from './entry-document.ts';
import type { Entry } from './entry-kinds.ts';
import type { EntryTable } from './entry-table.ts';
import { sealManifest } from './manifest-check.ts';
import { leafOf, type Replica, type VaultPlace } from './replica.ts';
import { mapInTurns } from './turns.ts';

/** One write to be: an entry's next version, or its end. */
export type PlannedWrite =
  | {
      readonly op: 'put';
      readonly entry: Entry;
      /** The entry sealed ahead by {@link sealPuts}; counts if it is for the present key. */
      readonly sealed?: SealedWrite<PutOperation>;
    }
  | ({ readonly op: 'delete' } & Deletion);

/** An operation, and what the manifest tree has of it. */
interface SealedWrite<Operation = PutOperation | DeleteOperation> {
  readonly operation: Operation;
  readonly leaf: Uint8Array;
}

/** Who writes, and when. */
export interface Writer {
  readonly accountId: string;
  readonly deviceId: string;
  readonly at: string;
}

/** A commit ready to be sent, and what the vault is after it. */
export interface SealedCommit {
  readonly operations: readonly (PutOperation | DeleteOperation)[];
  /** With the revision of before; the server's answer says the new one. */
  readonly next: Replica;
  /** What the cache adds; `head` is the manifest. */
  readonly part: CachePart;
}

/**
 * Seals writes on top of a verified state.
 *
 * @throws {RangeError} an entry that could not be read back; see {@link encodeEntry}.
 */
export async function sealCommit(
  place: VaultPlace,
  base: Replica,
  writes: readonly PlannedWrite[],
  writer: Writer,
): Promise<SealedCommit> {
  const { at, ...author } = writer;
  const sealed = await mapInTurns(writes, (write) => sealWrite(place, write));
  const operations = sealed.map(({ operation }) => operation);
  const tree = base.tree.with(sealed.map(leafChangeOf));
  const { realm, vaultId, vkEpoch, keys } = place;
  const seq = base.mark.seq + 1;
  const { hash: prev } = base.mark;
  const head = await sealManifest(
    { realm, vaultId, vkEpoch, manifestKey: keys.manifestKey },
    { vaultId, vkEpoch, seq, prev, root: tree.root(), count: tree.count, writer: author, at },
  );
  const { revision } = base;
  const next = {
    mark: markOf(head),
    committedAt: at,
    revision,
    tree,
    entries: entriesAfter(base, writes),
  };
  const entries = operations
    .filter((operation) => operation.op === 'put')
    .map(({ op, ...fields }): WireEntry => {
      return { ...fields, revision, updatedAt: at };
    });
  const deleted = operations
    .filter((operation) => operation.op === 'delete')
    .map(({ id, version }) => ({ id, version }));
  return { operations, next, part: { head, revision, entries, deleted } };
}

async function sealWrite(place: VaultPlace, write: PlannedWrite): Promise<SealedWrite> {
  if (write.op === 'delete') {
    const { op, id, version } = write;
    return { operation: { op, id, version }, leaf: tombstoneLeaf({ entryId: id, version }) };
  }
  if (write.sealed?.operation.vkEpoch === place.vkEpoch) return write.sealed;
  return sealPut(place, encodeEntry(write.entry));
}

/** Seals entries ahead of their commit: what an envelope says does not depend on what else the vault holds. */
export function sealPuts(
  place: VaultPlace,
  encoded: readonly EncodedEntry[],
): Promise<readonly PlannedWrite[]> {
  return mapInTurns(encoded, async (each) => {
    return { op: 'put', entry: each.entry, sealed: await sealPut(place, each) } as const;
  });
}

async function sealPut(
  place: VaultPlace,
  { entry, plaintext }: EncodedEntry,
): Promise<SealedWrite<PutOperation>> {
  const { id, version } = entry;
  const { realm, vaultId, vkEpoch, keys } = place;
  const envelope = await seal(
    keys.entryKey,
    { object: 'entry', realm, vaultId, vkEpoch, entryId: id, version, schema: ENTRY_SCHEMA },
    plaintext,
  );
  wipe(plaintext);
  const operation = { op: 'put', id, version, vkEpoch, schema: ENTRY_SCHEMA, ...envelope } as const;
  return { operation, leaf: leafOf(operation) };
}

function leafChangeOf({ operation, leaf }: SealedWrite): LeafChange {
  return { entryId: operation.id, leaf };
}

function entriesAfter(base: Replica, writes: readonly PlannedWrite[]): EntryTable {
  const changes = new Map<string, Entry | undefined>();
  for (const write of writes) {
    if (write.op === 'delete') changes.set(write.id, undefined);
    else changes.set(write.entry.id, write.entry);
  }
  return base.entries.with(changes);
}
