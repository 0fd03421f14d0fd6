/** @file The entries of an unlocked account, as an app calls them. */
import { batchesOf, type Measured, measure } from './batches.ts';
import type { Checkpointer } from './checkpoint.ts';
import { type CommitDeps, commit, type Plan } from './commit.ts';
import { type PlannedWrite, sealPuts } from './commit-sealing.ts';
import { changedEntry, encodeEntry, entryOfDraft } from './entry-document.ts';
import { readHistory } from './entry-history.ts';
import type { Entry, EntryDraft } from './entry-kinds.ts';
import type { EntryTable } from './entry-table.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import type { Gate } from './gate.ts';
import type { CallOptions, ChangeOptions } from './options.ts';
import type { OpenVaults } from './sync.ts';
import { mapInTurns } from './turns.ts';
import type { Entries } from './vault-client.ts';
import type { VaultSync } from './vault-sync.ts';

/** What the entries of a session work with. */
export interface EntriesDeps extends CommitDeps {
  readonly vaults: OpenVaults;
  readonly all: readonly VaultSync[];
  readonly checkpointer: Checkpointer;
  readonly gate: Gate;
}

/** Makes the entries of one session. */
export function makeEntries(deps: EntriesDeps): Entries {
  const { vaults, session } = deps;

  /** Commits to a vault and gives what it holds then. */
  async function write(vault: VaultSync, plan: Plan, options: CallOptions): Promise<void> {
    await commit(deps, vault, plan, options);
    await deps.checkpointer.advance(deps.all);
  }

  function ready<Value>(options: CallOptions, work: () => Promise<Value>): Promise<Value> {
    return session.run(async () => {
      await vaults.ready(options);
      return vaults.exclusively(work);
    });
  }

  /** Gives an entry to plan a change of, with the version the change starts from. */
  function changeOf(id: string, options: ChangeOptions) {
    const vault = vaults.holderOf(id);
    const baseVersion = options.baseVersion ?? vault.current()?.entries.get(id)?.version;
    const find = (entries: EntryTable): Entry => {
      const entry = entries.get(id);
      if (entry === undefined || entry.version !== baseVersion)
        throw new ConflictError('entry-changed', 'the entry was changed elsewhere meanwhile');
      return entry;
    };
    return { vault, find };
  }

  async function createMany(
    drafts: readonly EntryDraft[],
    options: CallOptions,
    onSaved: (saved: number) => void,
  ): Promise<readonly Entry[]> {
    const at = new Date(deps.now()).toISOString();
    const made = await mapInTurns(drafts, async (draft) => {
      const entry = entryOfDraft(draft, { id: crypto.randomUUID(), version: 1 }, at);
      return measure(entry);
    });
    return ready(options, async () => {
      const vault = vaults.home();
      const batches = batchesOf(made);
      let saved = 0;
      let ahead = sealAhead(vault, batches.next());
      for (let writes = await ahead; writes.length > 0; writes = await ahead) {
        options.signal?.throwIfAborted();
        const saving = write(vault, () => writes, options);
        // The client seals the next batch while the server saves this one.
        ahead = sealAhead(vault, batches.next());
        await saving;
        saved += writes.length;
        onSaved(saved);
      }
      return made.map(({ entry }) => entry);
    });
  }

  return {
    list: (options = {}) => ready(options, async () => vaults.entries().toSorted(byTitleThenId)),
    get: (id, options = {}) =>
      ready(options, async () => {
        const entry = vaults.holderOf(id).current()?.entries.get(id);
        if (entry === undefined) throw new NotFoundError('entry-not-found', 'there is no such entry');
        return entry;
      }),
    async create(draft, options = {}) {
      const [entry] = await createMany([draft], options, () => undefined);
      return entry!;
    },
    createMany: (drafts, { onProgress, ...options } = {}) =>
      createMany(drafts, options, (saved) => onProgress?.({ saved, total: drafts.length })),
    update: (id, change, options = {}) =>
      ready(options, async () => {
        const { vault, find } = changeOf(id, options);
        const at = new Date(deps.now()).toISOString();
        let entry: Entry | undefined;
        const plan: Plan = ({ entries }) => {
          entry = encodeEntry(changedEntry(find(entries), change, at)).entry;
          return [{ op: 'put', entry }];
        };
        await write(vault, plan, options);
        return entry!;
      }),
    delete: (id, options = {}) =>
      ready(options, async () => {
        const { vault, find } = changeOf(id, options);
        const plan: Plan = ({ entries }) => [{ op: 'delete', id, version: find(entries).version + 1 }];
        await write(vault, plan, options);
      }),
    history: (id, options = {}) => ready(options, () => readHistory(deps, vaults.holderOf(id), id, options)),
    restore: (id, version, options = {}) =>
      ready(options, async () => {
        const { vault, find } = changeOf(id, options);
        const [present, ...earlier] = await readHistory(deps, vault, id, options);
        if (present?.version === version) return present;
        const former = earlier.find((candidate) => candidate.version === version);
        if (former === undefined)
          throw new NotFoundError('version-not-found', 'the server keeps no such version of the entry');
        const updatedAt = new Date(deps.now()).toISOString();
        let entry: Entry | undefined;
        const plan: Plan = ({ entries }) => {
          const next = { ...former, version: find(entries).version + 1, updatedAt };
          ({ entry } = encodeEntry(next));
          return [{ op: 'put', entry }];
        };
        await write(vault, plan, options);
        return entry!;
      }),
  };
}

/** Begins to seal a batch; nothing if there is none. */
function sealAhead(
  vault: VaultSync,
  next: IteratorResult<readonly Measured[], void>,
): Promise<readonly PlannedWrite[]> {
  const sealing = sealPuts(vault.place(), next.done === true ? [] : next.value);
  // It is awaited once the commit before it is through; if that fails, nobody asks for this one any more.
  sealing.catch(() => undefined);
  return sealing;
}

/** By code units, so that every device has the same order. */
function byTitleThenId(left: Entry, right: Entry): number {
  if (left.title !== right.title) return left.title < right.title ? -1 : 1;
  return left.id < right.id ? -1 : 1;
}
