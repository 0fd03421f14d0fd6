/** @file Reads the password export of Chrome and its relatives: `name,url,username,password,note`. */
import { readCsv } from './csv.ts';
import { keepOtherData, type ReadRow } from './imported-item.ts';
import type { RemarkCounter } from './remarks.ts';

const columns = { required: ['name', 'url', 'username', 'password'], optional: ['note'] } as const;

/**
 * Reads a Chrome export. Older ones have no `note` column.
 *
 * @throws {ImportError} `wrong-format`.
 */
export function readChromeCsv(text: string, remarks: RemarkCounter): readonly ReadRow[] {
  const { rows, rejected } = readCsv(text, columns);
  const items = rows.map((row) => ({
    row: row.row,
    item: {
      type: 'login' as const,
      title: row.cell('name'),
      favorite: false,
      tags: [],
      notes: row.cell('note'),
      fields: row.others.map((other) => keepOtherData(other, remarks)),
      content: {
        username: row.cell('username'),
        password: row.cell('password'),
        urls: row.cell('url') === '' ? [] : [row.cell('url')],
      },
    },
  }));
  return [...items, ...rejected];
}
