/**
 * @file One vault of an unlocked account: fetched, verified, and only then cached, pinned and
 * published (docs/protocol.md section 6).
 */
import { CHANGES_LIMITS, type Changes, getChanges } from '@zkvault/contract';
import { equalInConstantTime, IntegrityError, ProtocolError } from '@zkvault/crypto-core';
import { type ListedVault, type Mark, markOf } from './account-state.ts';
import { type CachePart, changesOfPart, joinParts, partOf, type VaultCache } from './cache.ts';
import { type DownloadedChanges, downloadChanges } from './changes-download.ts';
import { ForkError, NotFoundError, RollbackError, TransportError, VaultRotatedError } from './errors.ts';
import type { Gate } from './gate.ts';
import type { KnownHistory } from './manifest-check.ts';
import type { CallOptions } from './options.ts';
import type { PinBook, VaultPin } from './pins.ts';
import { type Replica, type VaultPlace, type VerifiedChanges, verifyChanges } from './replica.ts';
import type { VaultSession } from './session.ts';
import type { VaultCalls } from './session-calls.ts';
import type { Freshness } from './vault-management.ts';

/** Page size when a page of the usual size was too large to take. */
const SMALL_PAGE = 64;

/** What a vault works with. */
export interface VaultDeps {
  readonly realm: string;
  readonly now: () => number;
  readonly session: VaultSession;
  readonly calls: VaultCalls;
  readonly pins: PinBook;
  readonly gate: Gate;
}

/** What a pull brought. */
export interface Pulled {
  readonly before: Replica | undefined;
  readonly after: Replica;
  /** Ids of all entries that may not be what they were before. */
  readonly touched: ReadonlySet<string>;
  /** The commits from the last one known before (included) to the head. */
  readonly chain: readonly Mark[];
}

/** A whole vault as the server gives it, and what it must continue. */
export interface Unverified {
  readonly changes: DownloadedChanges;
  readonly known: KnownHistory;
}

/** One vault. Its calls must not overlap. */
export interface VaultSync {
  readonly id: string;
  /** What was verified and published, if anything was. */
  current(): Replica | undefined;
  /** How the last pull was anchored; before the first, whether there is a pin. */
  freshness(): Freshness;
  /** Where it is and its keys. @throws {LockedError} */
  place(): VaultPlace;
  /** Publishes the cached copy if it is exactly what was verified last; otherwise does nothing. */
  loadCache(): Promise<void>;
  /** Fetches, verifies and publishes what changed. What is found bad shuts the gate. */
  pull(options: CallOptions): Promise<Pulled>;
  /** Fetches the whole vault, whatever its key, and verifies nothing of it. */
  download(options: CallOptions): Promise<Unverified>;
  /**
   * Publishes the vault under its next key, in place of what was shown. The session must have that key already.
   *
   * @param verified what became of `changes`.
   */
  publishRotated(verified: VerifiedChanges, changes: DownloadedChanges): Promise<void>;
  /** Publishes a commit of this client that the server says it took. */
  adopt(next: Replica, part: CachePart): Promise<void>;
  /** Ids of what {@link VaultSync.adopt} took over from this client and no pull has read back since. */
  unconfirmed(): readonly string[];
  /** Forgets what was published; the next pull reads everything. */
  forget(): void;
}

/** Makes one vault of a session. */
export function makeVaultSync(deps: VaultDeps, id: string, cache: VaultCache): VaultSync {
  const { session, pins, gate } = deps;
  let replica: Replica | undefined;
  let freshness: Freshness = 'pinned';
  const unconfirmed = new Set<string>();

  function listed(): ListedVault {
    const vault = session.accountState().vaults.find((candidate) => candidate.id === id);
    if (vault === undefined) throw new RangeError('id must be a vault of the account state');
    return vault;
  }

  function place(): VaultPlace {
    return { realm: deps.realm, vaultId: id, vkEpoch: listed().vkEpoch, keys: session.vaultKeys(id) };
  }

  /** Writes what was verified, then shows it. The pin is the last thing written: it makes the rest count. */
  async function publish(next: Replica, write: () => Promise<void>): Promise<void> {
    session.assertUnlocked();
    await write();
    const { committedAt } = next;
    const verifiedAt = new Date(deps.now()).toISOString();
    const pin: VaultPin = { ...next.mark, entryCount: next.entries.size, verifiedAt, committedAt };
    await pins.raise({ vaults: { [id]: pin } });
    session.assertUnlocked();
    replica = next;
  }

  /** Runs work that may find a lie, which shuts the gate. */
  async function shutting<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      if (isLie(error)) gate.shut(error);
      throw error;
    }
  }

  async function whatIsKnown(): Promise<KnownHistory & { readonly isPinned: boolean }> {
    const pin = (await pins.read())?.vaults[id];
    const { checkpoint } = listed();
    const marks = pin === undefined ? [checkpoint] : [pin, checkpoint];
    return { anchor: replica?.mark ?? pin ?? checkpoint, marks, isPinned: pin !== undefined };
  }

  /** Fetches and verifies on top of `base`, or everything. */
  async function attempt(
    base: Replica | undefined,
    known: KnownHistory,
    options: CallOptions,
  ): Promise<Pulled> {
    const since = base?.revision ?? 0;
    const changes = await download(deps.calls, id, { since, manifestsAfter: known.anchor.seq }, options);
    assertPresentEpoch(changes, place());
    const verified = await verifyChanges(place(), base, changes, known).catch((error: unknown) => {
      // A broken answer may be a proxy's fault; what is broken inside a sound one is the server's.
      if (error instanceof ProtocolError) gate.shut(error);
      throw error;
    });
    const after = verified.replica;
    await publish(after, async () => {
      if (base === undefined) await cache.replace(partOf(changes));
      else if (changes.manifests.length > 0) await cache.append(partOf(changes));
    });
    // A whole vault does not name what is no longer in it.
    const gone = base === undefined ? replica?.entries.keys() : undefined;
    const touched = new Set([...changes.entries.keys(), ...changes.deleted.keys(), ...(gone ?? [])]);
    return { before: replica, after, touched, chain: verified.chain };
  }

  return {
    id,
    place,
    current: () => replica,
    freshness: () => freshness,
    async loadCache() {
      const pin = (await pins.read())?.vaults[id];
      freshness = pin === undefined ? 'unanchored' : 'pinned';
      if (pin === undefined || replica !== undefined) return;
      const found = await readCached(cache, place(), { anchor: pin, marks: [pin, listed().checkpoint] });
      session.assertUnlocked();
      replica = found;
    },
    async pull(options) {
      const before = replica;
      return shutting(async () => {
        const known = await whatIsKnown();
        const pulled = await attempt(before, known, options).catch((error: unknown) => {
          if (before === undefined || !mayBeOurs(error)) throw error;
          return attempt(undefined, known, options);
        });
        freshness = known.isPinned ? 'pinned' : 'unanchored';
        unconfirmed.clear();
        return { ...pulled, before };
      });
    },
    async download(options) {
      const known = await whatIsKnown();
      const from = { since: 0, manifestsAfter: known.anchor.seq };
      return { changes: await download(deps.calls, id, from, options), known };
    },
    async publishRotated({ replica: next }, changes) {
      await publish(next, () => cache.replace(partOf(changes)));
      unconfirmed.clear();
    },
    async adopt(next, part) {
      await shutting(() => publish(next, () => cache.append(part)));
      for (const { id: entryId } of [...part.entries, ...part.deleted]) unconfirmed.add(entryId);
    },
    unconfirmed: () => [...unconfirmed],
    forget() {
      replica = undefined;
      unconfirmed.clear();
    },
  };
}

/**
 * Whoever holds a former key cannot read what is written under a later one, so he is told to fetch the later
 * one and nothing else. A key that was replaced never comes back.
 */
function assertPresentEpoch(changes: DownloadedChanges, place: VaultPlace): void {
  if (changes.vkEpoch > place.vkEpoch) throw new VaultRotatedError();
  if (changes.vkEpoch < place.vkEpoch)
    throw new RollbackError(`the vault is at key epoch ${changes.vkEpoch}, it is at ${place.vkEpoch} by now`);
}

function isLie(error: unknown): error is Error {
  return (
    error instanceof IntegrityError || (error instanceof ProtocolError && error.code === 'changes-malformed')
  );
}

/** True if a wrong revision remembered by this client could have caused it: then everything is read once. */
function mayBeOurs(error: unknown): boolean {
  return (
    error instanceof IntegrityError && !(error instanceof RollbackError) && !(error instanceof ForkError)
  );
}

async function download(
  calls: VaultCalls,
  vaultId: string,
  from: { readonly since: number; readonly manifestsAfter: number },
  options: CallOptions,
): Promise<DownloadedChanges> {
  let limit: number = CHANGES_LIMITS.default;
  const ask = (since: number): Promise<Changes> =>
    calls.send(
      getChanges,
      { params: { vaultId }, query: { ...from, since, limit } },
      { ...options, idempotent: true },
    );
  const fetchPage = async (since: number): Promise<Changes> => {
    try {
      return await ask(since);
    } catch (error) {
      if (error instanceof NotFoundError)
        throw new IntegrityError('vault-missing', 'the server denies a vault that the account state lists');
      const isTooLarge = error instanceof TransportError && error.code === 'response-too-large';
      if (!isTooLarge || limit === SMALL_PAGE) throw error;
      limit = SMALL_PAGE;
      return ask(since);
    }
  };
  return downloadChanges(fetchPage, from.since);
}

/** Whatever is wrong with a cache, it is as good as absent: the server has it, and is verified anew. */
async function readCached(
  cache: VaultCache,
  place: VaultPlace,
  known: KnownHistory,
): Promise<Replica | undefined> {
  const parts = await cache.read();
  try {
    const count = 1 + parts.findLastIndex(({ head }) => isSame(markOf(head), known.anchor));
    if (count === 0) return undefined;
    cache.keep(count);
    const changes = changesOfPart(joinParts(parts.slice(0, count)), place.vkEpoch);
    return (await verifyChanges(place, undefined, changes, known)).replica;
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function isSame(left: Mark, right: Mark): boolean {
  return left.seq === right.seq && equalInConstantTime(left.hash, right.hash);
}
