/** @file The entries of an unlocked account, as an app calls them. */
import { COMMIT_LIMITS } from '@zkvault/contract';
import type { Checkpointer } from './checkpoint.ts';
import { type CommitDeps, commit, type Plan } from './commit.ts';
import { changedEntry, encodeEntry, entryOfDraft } from './entry-document.ts';
import type { Entry, EntryDraft } from './entry-kinds.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import type { CallOptions, ChangeOptions } from './options.ts';
import type { OpenVaults } from './sync.ts';
import type { Entries } from './vault-client.ts';
import type { VaultSync } from './vault-sync.ts';

/** What one commit may weigh, beside its manifest and the JSON around it. */
const COMMIT_BUDGET_BYTES = COMMIT_LIMITS.maxBytes - 65_536;

/** What the entries of a session work with. */
export interface EntriesDeps extends CommitDeps {
  readonly vaults: OpenVaults;
  readonly all: readonly VaultSync[];
  readonly checkpointer: Checkpointer;
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
    const find = (entries: ReadonlyMap<string, Entry>): Entry => {
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
    const made = drafts.map((draft) => {
      const entry = entryOfDraft(draft, { id: crypto.randomUUID(), version: 1 }, at);
      return measure(entry);
    });
    return ready(options, async () => {
      const vault = vaults.home();
      let saved = 0;
      for (const batch of batchesOf(made)) {
        options.signal?.throwIfAborted();
        await write(vault, () => batch.map((entry) => ({ op: 'put', entry }) as const), options);
        saved += batch.length;
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
  };
}

interface Measured {
  readonly entry: Entry;
  /** An upper bound of what its operation weighs in the body of a commit. */
  readonly wireBytes: number;
}

/** Padding adds at most a quarter or 256 bytes, base64url a third, and the rest of an operation 512. */
function measure(draft: Entry): Measured {
  const { plaintext, entry } = encodeEntry(draft);
  return { entry, wireBytes: Math.ceil(((plaintext.length * 1.25 + 512) * 4) / 3) + 512 };
}

function* batchesOf(measured: readonly Measured[]): Generator<readonly Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for (const { entry, wireBytes } of measured) {
    if (batch.length === COMMIT_LIMITS.maxOperations || bytes + wireBytes > COMMIT_BUDGET_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += wireBytes;
  }
  if (batch.length > 0) yield batch;
}

/** By code units, so that every device has the same order. */
function byTitleThenId(left: Entry, right: Entry): number {
  if (left.title !== right.title) return left.title < right.title ? -1 : 1;
  return left.id < right.id ? -1 : 1;
}
