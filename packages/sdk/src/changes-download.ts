/**
 * @file Collects the pages of what changed in a vault into one change. What it gives is untrusted:
 * only the shape is checked here, the manifest decides about the rest.
 */
import type { Changes, Deletion, Entry, Sealed } from '@zkvault/contract';
import { IntegrityError, ProtocolError } from '@zkvault/crypto-core';

/** How many entries and deletions of one vault a client takes before it gives up on a server. */
const MAX_CHANGES = 1_000_000;

/** What changed since a revision, as the server tells it. */
export interface DownloadedChanges {
  readonly head: Sealed;
  readonly revision: number;
  /** The epoch of the vault's key, as the server says. Nothing is believed because of it. */
  readonly vkEpoch: number;
  /** Those after the one that was asked for, oldest first. */
  readonly manifests: readonly Sealed[];
  readonly entries: ReadonlyMap<string, Entry>;
  /** Versions of deletions by entry id. */
  readonly deleted: ReadonlyMap<string, number>;
}

/** Asks for one page. */
export type FetchPage = (since: number) => Promise<Changes>;

/**
 * Fetches all pages. An entry written while the pages are read may come twice, the later one newer.
 *
 * @param since revision to begin after; 0 for the whole vault.
 * @throws {ProtocolError} pages that do not go on, or have no manifest.
 * @throws {IntegrityError} an entry twice in one state, or alive after its deletion.
 */
export async function downloadChanges(fetchPage: FetchPage, since: number): Promise<DownloadedChanges> {
  const manifests: Sealed[] = [];
  const entries = new Map<string, Entry>();
  const deleted = new Map<string, number>();
  for (let from = since, taken = 0; ; ) {
    const page = await fetchPage(from);
    collect(page, entries, deleted);
    manifests.push(...page.manifests);
    taken += page.entries.length + page.deleted.length + page.manifests.length;
    if (taken > MAX_CHANGES) throw malformed('the server gives more changes than a vault may have');
    if (page.nextSince === null) {
      const { manifest: head, revision, seq, vkEpoch } = page;
      if (head === null || head.seq !== seq) throw malformed('the changes lack the manifest of their head');
      return { head, revision, vkEpoch, manifests, entries, deleted };
    }
    const isEmpty = page.entries.length + page.deleted.length + page.manifests.length === 0;
    if (isEmpty || page.nextSince <= from || page.nextSince > page.revision)
      throw malformed('the pages of changes do not go on');
    from = page.nextSince;
  }
}

function collect(page: Changes, entries: Map<string, Entry>, deleted: Map<string, number>): void {
  for (const entry of page.entries) {
    const earlier = entries.get(entry.id);
    if (deleted.has(entry.id) || (earlier !== undefined && entry.version <= earlier.version))
      throw duplicate();
    entries.set(entry.id, entry);
  }
  for (const { id, version } of page.deleted) {
    const earlier = entries.get(id);
    if (deleted.has(id) || (earlier !== undefined && !isBefore(page, earlier, version))) throw duplicate();
    entries.delete(id);
    deleted.set(id, version);
  }
}

/** True if the entry came with an earlier page and this deletion follows it. */
function isBefore(page: Changes, entry: Entry, version: Deletion['version']): boolean {
  return !page.entries.includes(entry) && version > entry.version;
}

function duplicate(): IntegrityError {
  return new IntegrityError('entry-duplicate', 'the server gives one entry twice');
}

/** Unlike an answer that is none, pages that say nothing sensible are a lie about the vault. */
function malformed(message: string): ProtocolError {
  return new ProtocolError('changes-malformed', message);
}
