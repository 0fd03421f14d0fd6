/**
 * @file External test data: where it lies, and how its formats are read.
 * It is not part of the repository; `VECTORS_DIR` names it, by default `../shared/vectors/external` beside it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe } from 'vitest';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');

/** The folder of external data; it may not exist. */
export const vectorsDirectory: string = resolve(
  process.env['VECTORS_DIR'] ?? join(REPOSITORY, '../shared/vectors/external'),
);

/** A suite that is skipped, and says why, where the external data is absent. */
export function describeExternal(title: string, suite: () => void): void {
  const present = existsSync(vectorsDirectory);
  const reason = present ? '' : ` (skipped: no ${vectorsDirectory}; set VECTORS_DIR)`;
  describe.skipIf(!present)(`${title}${reason}`, suite);
}

/** Text of a file; unpacked, if its name ends in `.gz`. */
export function readVectors(path: string): string {
  const bytes = readFileSync(join(vectorsDirectory, path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

/** One test of a Wycheproof file, with the sizes of its group. */
export type WycheproofTest<Fields> = Fields & {
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
};

/** Every test of a Wycheproof file. */
export function readWycheproof<Fields>(name: string): readonly WycheproofTest<Fields>[] {
  const { testGroups } = JSON.parse(readVectors(`wycheproof/${name}_test.json`)) as {
    readonly testGroups: readonly { readonly tests: readonly WycheproofTest<Fields>[] }[];
  };
  return testGroups.flatMap(({ tests }) => tests);
}

/** A record of a `Name = value` file, with the `[Section]` it stands in. Names are in lower case. */
export type VectorRecord = Readonly<Record<string, string>>;

/** Reads records of `Name = value` lines, parted by `last`, the name of the last field of each. */
export function readRecords(path: string, last: string): readonly VectorRecord[] {
  const records: VectorRecord[] = [];
  let section = '';
  let record: Record<string, string> = {};
  for (const line of readVectors(path).split('\n')) {
    const heading = /^\[(.*)\]$/.exec(line.trim());
    if (heading !== null) section = heading[1]!;
    const field = /^(\w+)\s*=\s*(.*)$/.exec(line.trim());
    if (field === null || line.startsWith('#')) continue;
    record[field[1]!.toLowerCase()] = field[2]!;
    if (field[1]!.toLowerCase() !== last) continue;
    records.push({ ...record, section });
    record = {};
  }
  return records;
}

/** Bytes of hexadecimal in any case. */
export function fromHex(hex: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(hex ?? '', 'hex'));
}
