/** @file Saves what an import read, and leaves out what is already there. */
import type { Entry, EntryDraft } from '../entry-kinds.ts';
import type { CallOptions } from '../options.ts';
import type { VaultClient } from '../vault-client.ts';
import type { ParsedImport } from './parse-import.ts';

/** What {@link importEntries} takes besides the client and the drafts. */
export interface ImportOptions extends CallOptions {
  /** Only says what would happen. */
  readonly dryRun?: boolean;
  /** Saves also what looks like an entry that is there. */
  readonly keepDuplicates?: boolean;
  /** Called before the first commit and after each, with how many of the entries to save are saved. */
  readonly onProgress?: (progress: { readonly saved: number; readonly total: number }) => void;
}

/** What an import did, or would do. */
export interface ImportReport {
  /** Entries saved; 0 in a dry run. */
  readonly saved: number;
  /** Entries that were to be saved; in a dry run, those that would be. */
  readonly total: number;
  /** Left out, because an entry with the same content is there, or stands earlier in the file. */
  readonly duplicates: number;
}

/**
 * Saves the drafts of an import, in commits of at most 1,000.
 *
 * A draft whose content (kind, title, notes, own fields, custom fields; not tags, favourite or dates) equals
 * that of an entry is left out. So an import that was interrupted can simply be run again.
 *
 * @throws what `entries.list` and `entries.createMany` throw; everything that was reported to `onProgress` is saved.
 */
export async function importEntries(
  client: Pick<VaultClient, 'entries'>,
  parsed: Pick<ParsedImport, 'drafts'>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { dryRun = false, keepDuplicates = false, onProgress, ...callOptions } = options;
  const drafts = keepDuplicates
    ? parsed.drafts
    : withoutDuplicates(parsed.drafts, await client.entries.list(callOptions));
  const report = { total: drafts.length, duplicates: parsed.drafts.length - drafts.length };
  if (dryRun) return { saved: 0, ...report };
  onProgress?.({ saved: 0, total: drafts.length });
  if (drafts.length > 0)
    await client.entries.createMany(drafts, { ...callOptions, ...(onProgress && { onProgress }) });
  return { saved: drafts.length, ...report };
}

function withoutDuplicates(drafts: readonly EntryDraft[], entries: readonly Entry[]): readonly EntryDraft[] {
  const seen = new Set(entries.map(contentOf));
  return drafts.filter((draft) => {
    const content = contentOf(draft);
    const isNew = !seen.has(content);
    seen.add(content);
    return isNew;
  });
}

/** Names that say nothing about whether two entries are the same. */
const circumstances = new Set(['id', 'version', 'createdAt', 'updatedAt', 'extra', 'favorite', 'tags']);

/**
 * The content of an entry or a draft as one text: what is left out and what is empty are the same.
 * All of it counts, not user name and password alone: two entries that differ in a TOTP seed or in a note
 * are not the same, and leaving one out would lose it.
 */
function contentOf(item: Entry | EntryDraft): string {
  const parts = Object.entries(item)
    .filter(([name, value]) => !circumstances.has(name) && !isEmpty(value))
    .map(([name, value]) => [name, withSortedNames(value)] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(parts);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Custom fields come back from a vault with their parts in another order. */
function withSortedNames(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((part: unknown) =>
    typeof part === 'object' && part !== null
      ? Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1))
      : part,
  );
}
