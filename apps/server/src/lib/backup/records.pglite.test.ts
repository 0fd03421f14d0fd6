/** What a backup says must hold together, even under the right key. */
import { describe, expect, it } from 'vitest';
import { type BackupRecord, decodeRecords, encodeRecords, makeSumming } from './records.ts';

const header = {
  kind: 'zkvault-backup',
  format: 1,
  takenAt: '2026-01-01T00:00:00Z',
  server: '0.1.0',
  migrations: ['0001_a'],
} as const;
const table = { table: 'users', columns: ['id', 'login'] };
const rows = [{ row: ['1', 'ada\n"é"'] }, { row: ['2', null] }];

function endOf(of: readonly { readonly row: readonly (string | null)[] }[]) {
  const summing = makeSumming();
  summing.begin('users');
  for (const { row } of of) summing.add(row);
  return { end: summing.sums() };
}

async function* from<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function decode(...lines: readonly string[]): Promise<BackupRecord[]> {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const found: BackupRecord[] = [];
  for await (const record of decodeRecords(from([bytes.subarray(0, 7), bytes.subarray(7)])))
    found.push(record);
  return found;
}

const json = (value: object) => JSON.stringify('row' in value ? value.row : value);

describe('records', () => {
  it('come back as they were, line ends and quotes in values and all', async () => {
    const records = [header, table, ...rows, { sequence: 's', last: '7', called: true }, endOf(rows)];

    const found: BackupRecord[] = [];
    for await (const record of decodeRecords(encodeRecords(from(records)))) found.push(record);

    expect(found).toEqual(records);
  });

  it('have the same sum in any order, and another one with a row changed, doubled or gone', () => {
    const [one, two] = rows as [(typeof rows)[number], (typeof rows)[number]];
    const sum = endOf(rows).end;

    expect(endOf([two, one]).end).toEqual(sum);
    for (const other of [[one], [one, two, two], [one, { row: ['2', ''] }], [one, { row: ['2', 'null'] }]])
      expect(endOf(other).end).not.toEqual(sum);
  });

  it.for([
    ['nothing', []],
    ['no header', [table, ...rows, endOf(rows)]],
    ['two headers', [header, header, table, ...rows, endOf(rows)]],
    ['no end', [header, table, ...rows]],
    ['an end that counts otherwise', [header, table, ...rows, endOf(rows.slice(1))]],
    ['a row after the end', [header, table, ...rows, endOf(rows), rows[0]]],
    ['a row before any table', [header, ...rows, endOf(rows)]],
    ['a row that is too short', [header, table, { row: ['1'] }, endOf(rows)]],
    ['a value that is no text', [header, table, { row: [1, 'ada'] }, endOf(rows)]],
    ['a table twice', [header, table, ...rows, table, endOf(rows)]],
    ['a table of a bad name', [header, { table: 'users; drop', columns: ['id'] }, endOf(rows)]],
    ['a sequence of a bad name', [header, { sequence: "s')", last: '1', called: true }, endOf(rows)]],
    ['a line of another kind', [header, { other: 1 }, endOf(rows)]],
  ] as const)('are refused with %s', async ([, records]) => {
    await expect(decode(...records.map((record) => json(record ?? {})))).rejects.toMatchObject({
      fault: 'malformed',
    });
  });

  it('are refused of a format that is not known, as such', async () => {
    await expect(decode(json({ ...header, format: 2 }))).rejects.toMatchObject({ fault: 'newer-format' });
  });

  it('are refused as what is not JSON, and as a line that does not end', async () => {
    await expect(decode('{')).rejects.toMatchObject({ fault: 'malformed' });
    const endless = from(Array.from({ length: 17 }, () => Buffer.alloc(1_048_576, 'a')));
    await expect(decodeRecords(endless).next()).rejects.toMatchObject({ fault: 'malformed' });
  });
});
