/** @file What the reader of a format makes of one row, before it becomes a draft. */
import type { CustomField, EntryKind, KindFields } from '../entry-kinds.ts';
import type { RejectedRow } from './rejected-row.ts';
import type { RemarkCounter } from './remarks.ts';

/** Everything about an entry that an export file may say. */
export interface ImportedItem<Kind extends EntryKind = EntryKind> {
  readonly type: Kind;
  readonly title: string;
  readonly favorite: boolean;
  readonly tags: readonly string[];
  readonly notes: string;
  readonly fields: readonly CustomField[];
  /** The fields of the kind. */
  readonly content: Partial<KindFields[Kind] & object>;
  /** As the file has them; what is not a date is left out. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

/** One item that a file held, or why there is none. */
export type ReadRow = { readonly row: number; readonly item: ImportedItem } | RejectedRow;

/** Keeps something that has no place of its own; masked, because nobody knows what it is. */
export function keepOtherData(
  [name, value]: readonly [name: string, value: string],
  remarks: RemarkCounter,
): CustomField {
  remarks.add('other-data');
  return { name, value, hidden: true };
}

/** Keeps the mark that Bitwarden asks for the master password again before it shows an item. */
export function keepReprompt(reprompt: string, remarks: RemarkCounter): readonly CustomField[] {
  if (reprompt === '' || reprompt === '0') return [];
  remarks.add('reprompt-marks');
  return [{ name: 'Ask for the master password again', value: 'true', hidden: false }];
}
