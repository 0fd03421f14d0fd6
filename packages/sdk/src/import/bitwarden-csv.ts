/** @file Reads Bitwarden's CSV export of one person's (or an organisation's) logins and secure notes. */
import type { CustomField } from '../entry-kinds.ts';
import { type CsvRow, readCsv } from './csv.ts';
import { type ImportedItem, keepOtherData, keepReprompt, type ReadRow } from './imported-item.ts';
import { reject } from './rejected-row.ts';
import type { RemarkCounter } from './remarks.ts';

const columns = {
  required: ['type', 'name', 'login_uri', 'login_username', 'login_password'],
  optional: [
    'folder',
    'collections',
    'favorite',
    'notes',
    'fields',
    'reprompt',
    'login_totp',
    'archiveddate',
  ],
} as const;

/**
 * Reads a Bitwarden CSV export.
 *
 * @throws {ImportError} `wrong-format`.
 */
export function readBitwardenCsv(text: string, remarks: RemarkCounter): readonly ReadRow[] {
  const { rows, rejected } = readCsv(text, columns);
  const items = rows.map((row): ReadRow => {
    const type = row.cell('type').trim().toLowerCase();
    if (type === 'login') return { row: row.row, item: readLogin(row, remarks) };
    if (type === 'note') return { row: row.row, item: { ...readCommon(row, remarks), type, content: {} } };
    return reject(row.row, 'type-unknown');
  });
  return [...items, ...rejected];
}

function readLogin(row: CsvRow, remarks: RemarkCounter): ImportedItem {
  return {
    ...readCommon(row, remarks),
    type: 'login',
    content: {
      username: row.cell('login_username'),
      password: row.cell('login_password'),
      urls: splitUris(row.cell('login_uri')),
      totp: row.cell('login_totp'),
    },
  };
}

function readCommon(row: CsvRow, remarks: RemarkCounter): Omit<ImportedItem, 'type' | 'content'> {
  const isArchived = row.cell('archiveddate') !== '';
  if (isArchived) remarks.add('archived-items');
  return {
    title: row.cell('name'),
    favorite: !['', '0', 'false'].includes(row.cell('favorite').trim().toLowerCase()),
    tags: [row.cell('folder'), ...row.cell('collections').split(','), ...(isArchived ? ['Archive'] : [])],
    notes: row.cell('notes'),
    fields: [
      ...splitFields(row.cell('fields')),
      ...keepReprompt(row.cell('reprompt').trim(), remarks),
      ...row.others.map((other) => keepOtherData(other, remarks)),
    ],
  };
}

/**
 * Bitwarden joins several URIs with commas and escapes none, and a URI may have a comma in it. So a comma
 * divides only where another URI, with its scheme or as a host name, begins behind it.
 */
function splitUris(text: string): readonly string[] {
  return text
    .split(/,(?=[a-z][a-z0-9+.-]*:\/\/|(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/:,]|$))|\n/i)
    .map((uri) => uri.trim())
    .filter((uri) => uri !== '');
}

/** One `name: value` per line. A line without a colon goes on with the value of the line before. */
function splitFields(text: string): readonly CustomField[] {
  const fields: CustomField[] = [];
  for (const line of text === '' ? [] : text.split(/\r?\n/)) {
    const colon = line.indexOf(': ');
    const last = fields.at(-1);
    if (colon === -1 && last !== undefined)
      fields.splice(-1, 1, { ...last, value: `${last.value}\n${line}` });
    else if (colon === -1) fields.push({ name: '', value: line, hidden: true });
    // The export does not say which fields were hidden, so all of them are.
    else fields.push({ name: line.slice(0, colon), value: line.slice(colon + 2), hidden: true });
  }
  return fields;
}
