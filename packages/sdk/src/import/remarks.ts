/** @file What an import kept in another place than it had, counted. Nothing of a file is dropped in silence. */

const texts: Readonly<Record<RemarkCode, string>> = {
  'former-passwords': 'Former passwords are kept as hidden custom fields.',
  'passkeys-left-out':
    'Passkeys cannot be taken over. The notes of their entries name the sites: make new ones there.',
  'linked-fields': 'Linked custom fields became text fields that name what they were linked to.',
  'reprompt-marks': 'The mark "ask for the master password again" is kept as a custom field.',
  'url-match-rules': 'Rules for matching a URL are kept as custom fields.',
  'archived-items': 'Archived items have the tag "Archive".',
  'custom-kinds': 'Items of a kind that zkvault has not became custom entries; all their fields are kept.',
  'other-data': 'Data without a place of its own is kept in hidden custom fields.',
  'titles-made': 'Items without a name were named after their site or user name.',
};

/** A remark's stable name. */
export type RemarkCode =
  | 'former-passwords'
  | 'passkeys-left-out'
  | 'linked-fields'
  | 'reprompt-marks'
  | 'url-match-rules'
  | 'archived-items'
  | 'custom-kinds'
  | 'other-data'
  | 'titles-made';

/** Something an import did differently from the file, and how often. */
export interface ImportRemark {
  readonly code: RemarkCode;
  readonly count: number;
  /** One sentence for people. */
  readonly text: string;
}

/** Counts remarks while rows are read. */
export interface RemarkCounter {
  add(code: RemarkCode): void;
  /** The remarks that occurred, in the order of the table. */
  all(): readonly ImportRemark[];
}

/** Makes an empty counter. */
export function makeRemarkCounter(): RemarkCounter {
  const counts = new Map<RemarkCode, number>();
  return {
    add(code) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    },
    all: () =>
      (Object.keys(texts) as RemarkCode[]).flatMap((code) => {
        const count = counts.get(code);
        return count === undefined ? [] : [{ code, count, text: texts[code] }];
      }),
  };
}
