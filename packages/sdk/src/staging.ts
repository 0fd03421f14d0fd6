/**
 * @file Seals the entries of a vault under its next key and stages them at the server, in batches. The
 * manifest that swears to them is made of what this very process sealed, never of what a server says it has.
 */
import { type StagedEntry, stageEntries } from '@zkvault/contract';
import { type LeafChange, seal, wipe } from '@zkvault/crypto-core';
import { batchesOf, measure } from './batches.ts';
import { ENTRY_SCHEMA, type EncodedEntry } from './entry-document.ts';
import type { EntryTable } from './entry-table.ts';
import type { CallOptions } from './options.ts';
import { leafOf, type VaultPlace } from './replica.ts';
import type { SessionCalls } from './session-calls.ts';
import { mapInTurns } from './turns.ts';

/** What is staged for one rotation. */
export interface Staging {
  /** Names it at the server. */
  readonly rotationId: string;
  /**
   * Stages what is not staged yet at its present version.
   *
   * @param onStaged called after each batch, with how many entries are staged.
   * @throws {ConflictError} the vault has changed meanwhile.
   */
  stage(entries: EntryTable, options: CallOptions, onStaged: (staged: number) => void): Promise<void>;
  /** The leaves of these entries as they are staged. */
  leaves(entries: EntryTable): readonly LeafChange[];
}

/**
 * Begins to stage, with a name of its own: whatever another attempt has staged is forgotten by the server, so
 * the request of one attempt can never put the envelopes of another in place.
 *
 * @param place of the vault under its next key.
 */
export function makeStaging(calls: SessionCalls, place: VaultPlace): Staging {
  const rotationId = crypto.randomUUID();
  const { vaultId, vkEpoch } = place;
  const staged = new Map<string, { readonly version: number; readonly leaf: Uint8Array }>();

  return {
    rotationId,
    async stage(entries, options, onStaged) {
      for (const id of staged.keys()) if (!entries.has(id)) staged.delete(id);
      const missing = [...entries.values()].filter(({ id, version }) => staged.get(id)?.version !== version);
      let count = entries.size - missing.length;
      onStaged(count);
      for (const batch of batchesOf(missing.map(measure))) {
        options.signal?.throwIfAborted();
        const sealed = await mapInTurns(batch, (encoded) => sealAgain(place, encoded));
        const body = { rotationId, vkEpoch, entries: [...sealed] };
        await calls.send(stageEntries, { params: { vaultId }, body }, { ...options, idempotent: true });
        for (const entry of sealed) {
          const { id, version } = entry;
          staged.set(id, { version, leaf: leafOf({ ...entry, vkEpoch }) });
        }
        count += batch.length;
        onStaged(count);
      }
    },
    leaves: (entries) => [...entries.keys()].map((entryId) => ({ entryId, leaf: staged.get(entryId)?.leaf })),
  };
}

/** Same entry, same version, another key. */
async function sealAgain(place: VaultPlace, { entry, plaintext }: EncodedEntry): Promise<StagedEntry> {
  const { realm, vaultId, vkEpoch, keys } = place;
  const { id, version } = entry;
  const envelope = await seal(
    keys.entryKey,
    { object: 'entry', realm, vaultId, vkEpoch, entryId: id, version, schema: ENTRY_SCHEMA },
    plaintext,
  );
  wipe(plaintext);
  return { id, version, schema: ENTRY_SCHEMA, ...envelope };
}
