/**
 * @file What is in a backup: lines of JSON. First what it is, then each table with its columns and its rows, a
 * row being the text that PostgreSQL has for each value; then sequences; at last how many rows each table had
 * and a digest of them.
 */
import { createHash } from 'node:crypto';
import { BackupError } from './backup-error.ts';

/** The first record. */
export interface BackupHeader {
  readonly kind: 'zkvault-backup';
  readonly format: 1;
  /** RFC 3339. */
  readonly takenAt: string;
  /** Version of the server that made it. */
  readonly server: string;
  /** The migrations that the database had, in their order. */
  readonly migrations: readonly string[];
}

/** A row: each value as text, in the order of the table's columns. */
export type BackupRow = readonly (string | null)[];

/** How much of a table there is. */
export interface TableSum {
  readonly rows: number;
  /** Sum of the SHA-256 of all rows modulo 2^256, 64 hexadecimal digits: it has no order. */
  readonly digest: string;
}

/** One line. */
export type BackupRecord =
  | BackupHeader
  | { readonly table: string; readonly columns: readonly string[] }
  | { readonly row: BackupRow }
  | { readonly sequence: string; readonly last: string; readonly called: boolean }
  | { readonly end: Readonly<Record<string, TableSum>> };

/** Adds rows up. */
export interface Summing {
  begin(table: string): void;
  add(row: BackupRow): void;
  sums(): Record<string, TableSum>;
}

/** Makes a sum over tables. */
export function makeSumming(): Summing {
  const tables = new Map<string, { rows: number; total: bigint }>();
  let current: { rows: number; total: bigint } | undefined;
  return {
    begin(table) {
      if (tables.has(table)) throw new BackupError('malformed');
      current = { rows: 0, total: 0n };
      tables.set(table, current);
    },
    add(row) {
      if (current === undefined) throw new BackupError('malformed');
      const hash = createHash('sha256').update(JSON.stringify(row), 'utf8').digest('hex');
      current.rows += 1;
      current.total = BigInt.asUintN(256, current.total + BigInt(`0x${hash}`));
    },
    sums: () =>
      Object.fromEntries(
        [...tables].map(([name, { rows, total }]) => [
          name,
          { rows, digest: total.toString(16).padStart(64, '0') },
        ]),
      ),
  };
}

/** True if two sums are of the same tables with the same rows. */
export function areSame(one: Readonly<Record<string, TableSum>>, other: typeof one): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => one[name]?.rows === other[name]?.rows && one[name]?.digest === other[name]?.digest)
  );
}

/** Writes records as lines, several of them in one piece. */
export async function* encodeRecords(records: AsyncIterable<BackupRecord>): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const record of records) {
    text += `${JSON.stringify('row' in record ? record.row : record)}\n`;
    if (text.length < PIECE) continue;
    yield Buffer.from(text, 'utf8');
    text = '';
  }
  if (text !== '') yield Buffer.from(text, 'utf8');
}

const PIECE = 65_536;
/** Longer than any row can be; what is longer is no line of ours, and is not waited for. */
const MAX_LINE_BYTES = 16_777_216;

/**
 * Reads records and checks that they hold together: one header, rows as long as their table's columns, an end
 * that tells the truth, and nothing after it.
 *
 * @throws {BackupError} `malformed`, `newer-format`.
 */
export async function* decodeRecords(source: AsyncIterable<Uint8Array>): AsyncGenerator<BackupRecord> {
  const summing = makeSumming();
  let columns: number | undefined;
  let state: 'before' | 'inside' | 'after' = 'before';
  for await (const line of linesOf(source)) {
    const record = toRecord(line);
    if ('kind' in record !== (state === 'before') || state === 'after') throw new BackupError('malformed');
    state = 'inside';
    if ('table' in record) {
      summing.begin(record.table);
      columns = record.columns.length;
    } else if ('row' in record) {
      if (record.row.length !== columns) throw new BackupError('malformed');
      summing.add(record.row);
    } else if ('end' in record) {
      if (!areSame(summing.sums(), record.end)) throw new BackupError('malformed');
      state = 'after';
    }
    yield record;
  }
  if (state !== 'after') throw new BackupError('malformed');
}

async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    let from = 0;
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, from)) {
      parts.push(piece.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      size = 0;
      from = end + 1;
    }
    parts.push(piece.subarray(from));
    size += piece.length - from;
    if (size > MAX_LINE_BYTES) throw new BackupError('malformed');
  }
  if (size > 0) throw new BackupError('malformed');
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

function toRecord(line: string): BackupRecord {
  const value = parseLine(line);
  if (Array.isArray(value)) {
    if (!value.every((part) => part === null || typeof part === 'string')) throw new BackupError('malformed');
    return { row: value };
  }
  if (typeof value !== 'object' || value === null) throw new BackupError('malformed');
  if ('kind' in value) return toHeader(value);
  if (isTable(value) || isSequence(value) || isEnd(value)) return value;
  throw new BackupError('malformed');
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new BackupError('malformed');
  }
}

type Loose<Keys extends string> = Partial<Record<Keys, unknown>>;

function toHeader(value: Loose<keyof BackupHeader>): BackupHeader {
  const { kind, format, takenAt, server, migrations } = value;
  if (kind !== 'zkvault-backup') throw new BackupError('malformed');
  if (format !== 1) throw new BackupError('newer-format');
  if (typeof takenAt !== 'string' || typeof server !== 'string' || !isNames(migrations, /^[0-9a-z_]{1,100}$/))
    throw new BackupError('malformed');
  return { kind, format, takenAt, server, migrations };
}

function isNames(value: unknown, form: RegExp): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((name) => typeof name === 'string' && form.test(name))
  );
}

function isTable(value: object): value is Extract<BackupRecord, { readonly table: string }> {
  const { table, columns } = value as Loose<'table' | 'columns'>;
  return typeof table === 'string' && NAME.test(table) && isNames(columns, NAME);
}

function isSequence(value: object): value is Extract<BackupRecord, { readonly sequence: string }> {
  const { sequence, last, called } = value as Loose<'sequence' | 'last' | 'called'>;
  if (typeof sequence !== 'string' || !NAME.test(sequence) || typeof called !== 'boolean') return false;
  return typeof last === 'string' && /^-?\d{1,19}$/.test(last);
}

function isEnd(value: object): value is Extract<BackupRecord, { readonly end: object }> {
  const { end } = value as Loose<'end'>;
  return typeof end === 'object' && end !== null;
}
