/**
 * @file Reads a CSV export into rows of named cells. The file is untrusted: no name from it ever becomes a
 * property of an object, and a row that cannot be read is reported instead of guessed at.
 */
import Papa from 'papaparse';
import { ImportError } from './import-error.ts';
import { type RejectedRow, reject } from './rejected-row.ts';

/** One row: its number as a spreadsheet shows it (the header is row 1), and its cells by column. */
export interface CsvRow {
  readonly row: number;
  /** The text in a column; empty if the file has no such column. */
  cell(column: string): string;
  /** What stands in columns that were not asked for: pairs of column name and text, empty cells left out. */
  readonly others: readonly (readonly [column: string, text: string])[];
}

/** What a CSV file held. */
export interface CsvTable {
  readonly rows: readonly CsvRow[];
  readonly rejected: readonly RejectedRow[];
}

/**
 * Reads a CSV text with a header.
 *
 * Takes quoted cells with line breaks, doubled quotes, CRLF, LF and CR, and a byte order mark.
 *
 * @param columns the known columns, lower case; `required` must all be there.
 * @throws {ImportError} `wrong-format` if the header lacks a required column.
 */
export function readCsv(
  text: string,
  columns: { readonly required: readonly string[]; readonly optional: readonly string[] },
): CsvTable {
  const { data, errors } = Papa.parse<string[]>(text, {
    delimiter: ',',
    // papaparse ignores white space between a closing quote and the line break, so LF serves for CRLF too.
    newline: text.includes('\n') ? '\n' : '\r',
  });
  const [header, ...records] = data;
  const names = (header ?? []).map((name) => name.trim().toLowerCase());
  const missing = columns.required.filter((name) => !names.includes(name));
  // The message does not repeat the header: in a file without one, the first row is somebody's password.
  if (missing.length > 0)
    throw new ImportError('wrong-format', `expected a header with the columns: ${missing.join(', ')}`);
  const known = new Set([...columns.required, ...columns.optional]);
  const broken = new Map(errors.map(({ row, code }) => [row ?? 0, code]));
  const rows: CsvRow[] = [];
  const rejected: RejectedRow[] = [];
  for (const [index, record] of records.entries()) {
    const row = index + 2;
    const cells = withoutCarriageReturn(record);
    const fault = faultOf(broken.get(index + 1), cells.length, names.length);
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (fault === undefined) rows.push(makeRow(row, { names, known, cells }));
    else rejected.push(reject(row, fault));
  }
  return { rows, rejected };
}

function makeRow(
  row: number,
  { names, known, cells }: { names: readonly string[]; known: ReadonlySet<string>; cells: readonly string[] },
): CsvRow {
  return {
    row,
    cell: (column) => cells[names.indexOf(column)] ?? '',
    others: cells.flatMap((text, index) => {
      const name = names[index] ?? '';
      // A second column of a known name is not read by `cell`, so it counts as another one.
      const isRead = known.has(name) && names.indexOf(name) === index;
      return isRead || text === '' ? [] : [[name, text] as const];
    }),
  };
}

function faultOf(
  parserCode: string | undefined,
  cellCount: number,
  columnCount: number,
): 'quote-not-closed' | 'quote-malformed' | 'cell-count' | undefined {
  if (parserCode === 'MissingQuotes') return 'quote-not-closed';
  if (parserCode === 'InvalidQuotes') return 'quote-malformed';
  return cellCount === columnCount ? undefined : 'cell-count';
}

function withoutCarriageReturn(record: readonly string[]): readonly string[] {
  const last = record.at(-1);
  return last?.endsWith('\r') === true ? [...record.slice(0, -1), last.slice(0, -1)] : record;
}
