/**
 * @file Earlier versions of an entry. Each is opened at its own version, so none can stand for another, and the
 * newest must be the verified one. What a manifest says of the past is one hash over everything, so a version
 * that a device sealed and never got saved can be offered as an earlier one, and old ones can be withheld.
 */
import { ENTRY_HISTORY_LIMIT, type EntryVersion, listEntryVersions } from '@zkvault/contract';
import { IntegrityError, ProtocolError } from '@zkvault/crypto-core';
import type { Entry } from './entry-kinds.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import type { Gate } from './gate.ts';
import type { CallOptions } from './options.ts';
import { openEntry } from './replica.ts';
import type { VaultCalls } from './session-calls.ts';
import type { VaultSync } from './vault-sync.ts';

const MAX_ATTEMPTS = 3;
/** So that a page of the largest entries is still an answer of moderate size. */
const PAGE = 10;
/** Stands for an entry that is no more; no version is as high, and no deleted entry comes back. */
const DELETED = Number.POSITIVE_INFINITY;

/** What reading a history works with. */
export interface HistoryDeps {
  readonly calls: VaultCalls;
  readonly gate: Gate;
}

/**
 * Fetches and verifies the versions of an entry that the server keeps, newest first; the first is the present one.
 *
 * @throws {NotFoundError} the vault has no such entry. @throws {IntegrityError} what the server gives is no
 *   history of this entry; nothing is shown and nothing sent any more.
 * @throws {ConflictError} the entry was changed each time while its history was read.
 */
export async function readHistory(
  deps: HistoryDeps,
  vault: VaultSync,
  id: string,
  options: CallOptions,
): Promise<readonly Entry[]> {
  /** What an answer said that the vault did not know yet: the next pull must bear it out. */
  let claimed = 0;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const present = (await vault.pull(options)).after.entries.get(id);
    if (present === undefined) throw new NotFoundError('entry-not-found', 'there is no such entry');
    if (present.version < claimed) throw shut(deps.gate, 'the server contradicts itself about the entry');
    const versions = await fetchVersions(deps.calls, { vaultId: vault.id, entryId: id }, options);
    claimed = versions === undefined ? DELETED : (versions[0]?.version ?? 0);
    if (claimed <= present.version) return verify(deps.gate, vault, present, versions ?? []);
  }
  throw new ConflictError('entry-changed', 'the entry was changed elsewhere meanwhile');
}

/** @returns undefined if the server has no such entry. */
async function fetchVersions(
  calls: VaultCalls,
  params: { readonly vaultId: string; readonly entryId: string },
  options: CallOptions,
): Promise<readonly EntryVersion[] | undefined> {
  const versions: EntryVersion[] = [];
  let cursor: string | undefined;
  try {
    do {
      const query = cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
      const page = await calls.send(listEntryVersions, { params, query }, { ...options, idempotent: true });
      versions.push(...page.items);
      // A page without items leads nowhere; what it lacks is found by whoever checks the whole.
      cursor = page.items.length === 0 ? undefined : (page.nextCursor ?? undefined);
    } while (cursor !== undefined && versions.length <= ENTRY_HISTORY_LIMIT);
    return versions;
  } catch (error) {
    if (error instanceof NotFoundError && error.code === 'entry-not-found') return undefined;
    throw error;
  }
}

function shut(gate: Gate, message: string): IntegrityError {
  const error = new IntegrityError('history-broken', message);
  gate.shut(error);
  return error;
}

async function verify(
  gate: Gate,
  vault: VaultSync,
  present: Entry,
  versions: readonly EntryVersion[],
): Promise<readonly Entry[]> {
  try {
    assertDescends(present, versions);
    const place = vault.place();
    const opened = await Promise.all(
      versions.map((version) => {
        if (version.vkEpoch !== place.vkEpoch)
          throw new IntegrityError('epoch-mixed', 'an earlier version is of another epoch than its vault');
        return openEntry(place, { ...version, id: present.id });
      }),
    );
    if (JSON.stringify(opened[0]) !== JSON.stringify(present))
      throw new IntegrityError('history-broken', 'the newest version is not the one that was verified');
    return opened;
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof ProtocolError) gate.shut(error);
    throw error;
  }
}

/** The server keeps the newest versions without a gap, each once. */
function assertDescends(present: Entry, versions: readonly EntryVersion[]): void {
  const isWhole =
    versions.length > 0 &&
    versions.length <= ENTRY_HISTORY_LIMIT &&
    versions.every(({ version }, index) => version === present.version - index);
  if (!isWhole)
    throw new IntegrityError('history-broken', 'the versions given are not those up to the present one');
}
