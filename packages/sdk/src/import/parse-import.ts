/** @file Reads an export of another password manager into drafts. No network, no vault, no trust in the file. */
import { ENTRY_MAX_BYTES } from '../entry-document.ts';
import type { EntryDraft } from '../entry-kinds.ts';
import { readBitwardenCsv } from './bitwarden-csv.ts';
import { readBitwardenJson } from './bitwarden-json.ts';
import { readChromeCsv } from './chrome-csv.ts';
import { buildDraft, findTextFault, isEmptyItem } from './draft-builder.ts';
import { ImportError } from './import-error.ts';
import type { ReadRow } from './imported-item.ts';
import { type RejectedRow, type RejectionCode, reject } from './rejected-row.ts';
import { type ImportRemark, makeRemarkCounter, type RemarkCounter } from './remarks.ts';

/** A format that can be imported. */
export type ImportFormat = 'bitwarden-json' | 'bitwarden-csv' | 'chrome-csv';

/** The largest export that is read, in bytes of UTF-8. */
export const IMPORT_MAX_BYTES = 52_428_800;

/** Room for what saving adds to a draft: names of fields left out, dates. */
const ENTRY_OVERHEAD_BYTES = 2_048;

const readers: Readonly<Record<ImportFormat, (text: string, remarks: RemarkCounter) => readonly ReadRow[]>> =
  {
    'bitwarden-json': readBitwardenJson,
    'bitwarden-csv': readBitwardenCsv,
    'chrome-csv': readChromeCsv,
  };

/** Every format that {@link parseImport} takes. */
export const importFormats: readonly ImportFormat[] = Object.keys(readers) as ImportFormat[];

/** What a file holds. Every row is either a draft or rejected. */
export interface ParsedImport {
  readonly format: ImportFormat;
  /** In the order of the file. */
  readonly drafts: readonly EntryDraft[];
  /** In the order of the file. */
  readonly rejected: readonly RejectedRow[];
  /** What is kept in another place than the file had it. */
  readonly remarks: readonly ImportRemark[];
}

/**
 * Reads an export.
 *
 * Folders and collections become tags. What an entry has no place for goes to custom fields or notes and is
 * counted in the remarks; nothing is left out in silence.
 *
 * @param text the whole file, untrusted; at most 50 MiB. A byte order mark is ignored.
 * @throws {ImportError} the file cannot be read at all: `file-too-large`, `not-json`, `wrong-format` or
 *   `encrypted-export`. A fault of one row is in `rejected` instead.
 */
export function parseImport(format: ImportFormat, text: string): ParsedImport {
  if (!isWithinLimit(text)) throw new ImportError('file-too-large');
  const remarks = makeRemarkCounter();
  const drafts: EntryDraft[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of readers[format](text, remarks)) {
    if (!('item' in row)) {
      rejected.push(row);
      continue;
    }
    const made = isEmptyItem(row.item) ? 'nothing-in-it' : draftOf(row.item, remarks);
    if (typeof made === 'string') rejected.push(reject(row.row, made));
    else drafts.push(made);
  }
  return {
    format,
    drafts,
    rejected: rejected.toSorted((one, other) => one.row - other.row),
    remarks: remarks.all(),
  };
}

function draftOf(item: Parameters<typeof buildDraft>[0], remarks: RemarkCounter): EntryDraft | RejectionCode {
  const fault = findTextFault(item);
  if (fault !== undefined) return fault;
  const draft = buildDraft(item, remarks);
  const byteLength = new TextEncoder().encode(JSON.stringify(draft)).length;
  return byteLength > ENTRY_MAX_BYTES - ENTRY_OVERHEAD_BYTES ? 'too-large' : draft;
}

function isWithinLimit(text: string): boolean {
  // One UTF-16 unit is at most three bytes of UTF-8, so most files need not be encoded to be measured.
  if (text.length * 3 <= IMPORT_MAX_BYTES) return true;
  return text.length <= IMPORT_MAX_BYTES && new TextEncoder().encode(text).length <= IMPORT_MAX_BYTES;
}
