/** @file Why a row of an import was left out: a code for programs and a sentence for people, never content. */

const reasons: Readonly<Record<RejectionCode, string>> = {
  'quote-not-closed': 'A quotation mark is opened and never closed; nothing from here on could be read.',
  'quote-malformed': 'A quotation mark stands where none may be.',
  'cell-count': 'The row has more or fewer cells than the header.',
  'not-an-object': 'The item is not a JSON object.',
  'type-unknown': 'The item is of a type that this version does not know.',
  'field-malformed': 'A part of the item is not of the kind it should be, for example text that is a number.',
  'text-malformed': 'A text holds characters that are not valid Unicode.',
  'in-trash': 'The item was in the trash. Restore it before exporting if it is wanted.',
  'nothing-in-it': 'The row has no content besides its type.',
  'too-large': 'The item is larger than an entry can be.',
};

/** A rejection's stable name. */
export type RejectionCode =
  | 'quote-not-closed'
  | 'quote-malformed'
  | 'cell-count'
  | 'not-an-object'
  | 'type-unknown'
  | 'field-malformed'
  | 'text-malformed'
  | 'in-trash'
  | 'nothing-in-it'
  | 'too-large';

/** A row that an import leaves out. */
export interface RejectedRow {
  /** From 1: the row of a spreadsheet with the header as row 1, or the position in a list of items. */
  readonly row: number;
  readonly code: RejectionCode;
  /** One sentence for people. It never holds anything from the row. */
  readonly reason: string;
}

/** A rejection with the sentence that belongs to its code. */
export function reject(row: number, code: RejectionCode): RejectedRow {
  return { row, code, reason: reasons[code] };
}
