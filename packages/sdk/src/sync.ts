/**
 * @file All vaults of an unlocked account, one piece of work at a time. What this room shows was
 * verified; after an integrity failure it shows nothing.
 */

import type { Entry } from './entry-kinds.ts';
import { NotFoundError, TransportError } from './errors.ts';
import type { Gate } from './gate.ts';
import type { CallOptions } from './options.ts';
import type { Pins, VaultPin } from './pins.ts';
import type { VaultSession } from './session.ts';
import type { SyncReport } from './vault-client.ts';
import type { VaultStatus } from './vault-management.ts';
import type { Pulled, VaultSync } from './vault-sync.ts';

/** A vault without a new commit for longer than this may be one that a server has frozen. */
const STALE_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/** The vaults of a session. */
export interface OpenVaults {
  /** Fetches and verifies every vault. */
  sync(options: CallOptions): Promise<SyncReport>;
  /** Makes sure that something verified is there: syncs on first use; offline, the cache will do. */
  ready(options: CallOptions): Promise<void>;
  /** Shows what is cached of each vault, if it is what was verified last. @throws the failure that shut the gate. */
  loadCaches(): Promise<void>;
  /** Every published entry, in no order. */
  entries(): readonly Entry[];
  /** The vault that new entries go to. */
  home(): VaultSync;
  /** The vault that holds an entry. @throws {NotFoundError} none does. */
  holderOf(entryId: string): VaultSync;
  /** The revision of what was verified; 0 before that, undefined for a vault that is none of these. */
  revisionOf(vaultId: string): number | undefined;
  /** Runs work that reads and writes vaults, alone. */
  exclusively<Value>(work: () => Promise<Value>): Promise<Value>;
  /** @param nowMs milliseconds since the epoch. */
  status(pins: Pins | undefined, nowMs: number): readonly VaultStatus[];
}

/** Opens the vaults of a session. */
export function makeOpenVaults(session: VaultSession, gate: Gate, vaults: readonly VaultSync[]): OpenVaults {
  const exclusively = makeQueue();
  let isCacheLoaded = false;
  let isSynced = false;

  async function loadCaches(): Promise<void> {
    gate.assertOpen();
    if (isCacheLoaded) return;
    for (const vault of vaults) await vault.loadCache();
    isCacheLoaded = true;
  }

  async function pullAll(options: CallOptions): Promise<SyncReport> {
    await loadCaches();
    const pulls: Pulled[] = [];
    for (const vault of vaults) pulls.push(await vault.pull(options));
    isSynced = true;
    return {
      ...countChanges(pulls),
      seq: pulls[0]?.after.mark.seq ?? 0,
      freshness: vaults.some((vault) => vault.freshness() === 'unanchored') ? 'unanchored' : 'pinned',
    };
  }

  function shown(): readonly VaultSync[] {
    session.assertUnlocked();
    gate.assertOpen();
    return vaults;
  }

  return {
    exclusively,
    loadCaches,
    sync: (options) => exclusively(() => pullAll(options)),
    async ready(options) {
      gate.assertOpen();
      if (isSynced && vaults.every((vault) => vault.current() !== undefined)) return;
      await exclusively(async () => {
        if (isSynced && vaults.every((vault) => vault.current() !== undefined)) return;
        try {
          await pullAll(options);
        } catch (error) {
          const isCached = vaults.every((vault) => vault.current() !== undefined);
          if (!(error instanceof TransportError && isCached)) throw error;
        }
      });
    },
    entries: () => shown().flatMap((vault) => [...(vault.current()?.entries.values() ?? [])]),
    home() {
      const [vault] = shown();
      if (vault === undefined) throw new NotFoundError('vault-not-found', 'the account has no vault');
      return vault;
    },
    holderOf(entryId) {
      const vault = shown().find((candidate) => candidate.current()?.entries.has(entryId) === true);
      if (vault === undefined) throw new NotFoundError('entry-not-found', 'there is no such entry');
      return vault;
    },
    revisionOf(vaultId) {
      const vault = vaults.find(({ id }) => id === vaultId);
      return vault === undefined ? undefined : (vault.current()?.revision ?? 0);
    },
    status: (pins, nowMs) => vaults.map((vault) => statusOf(vault, pins?.vaults[vault.id], nowMs)),
  };
}

function statusOf(vault: VaultSync, pin: VaultPin | undefined, nowMs: number): VaultStatus {
  const unconfirmed = vault.unconfirmed();
  return {
    id: vault.id,
    seq: pin?.seq ?? null,
    entryCount: pin?.entryCount ?? null,
    freshness: pin === undefined ? 'unanchored' : vault.freshness(),
    lastVerifiedAt: pin?.verifiedAt ?? null,
    lastCommitAt: pin?.committedAt ?? null,
    stale: pin !== undefined && nowMs - Date.parse(pin.committedAt) > STALE_AFTER_MS,
    durable: unconfirmed.length === 0,
    unconfirmed,
  };
}

/** Runs one piece of work after the other, whatever becomes of it. */
function makeQueue(): OpenVaults['exclusively'] {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  };
}

function countChanges(pulls: readonly Pulled[]): Pick<SyncReport, 'added' | 'changed' | 'deleted'> {
  let added = 0;
  let changed = 0;
  let deleted = 0;
  for (const { before, after, touched } of pulls) {
    for (const id of touched) {
      const earlier = before?.entries.get(id);
      const now = after.entries.get(id);
      if (earlier === undefined) added += now === undefined ? 0 : 1;
      else if (now === undefined) deleted += 1;
      else if (earlier.version !== now.version) changed += 1;
    }
  }
  return { added, changed, deleted };
}
