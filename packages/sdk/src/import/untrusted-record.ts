/**
 * @file Reads one object of an untrusted JSON file. It remembers what was read, so that whatever nobody asked
 * for can be kept elsewhere instead of being lost, and it never copies a name of the file onto an object.
 */
import type { RejectionCode } from './rejected-row.ts';

/** A row is not what it should be. Caught by the reader of the file, which rejects that row alone. */
export class RowFault extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode) {
    super(code);
    this.code = code;
  }
}

/** One object, read by name. Absent and null are the same. */
export interface UntrustedRecord {
  /** Text; numbers and booleans as they are written; empty if absent. @throws {RowFault} an object or a list. */
  text(name: string): string;
  /** True only for `true`. */
  flag(name: string): boolean;
  /** A list; empty if absent. @throws {RowFault} something else. */
  list(name: string): readonly unknown[];
  /** An object; an empty one if absent. @throws {RowFault} something else. */
  record(name: string): UntrustedRecord;
  /** Counts names as read that hold nothing a person would miss. */
  skip(...names: readonly string[]): void;
  /** Every name in it. */
  names(): readonly string[];
  /** What was not read and is not empty, at any depth: its path, and its text or JSON. */
  leftovers(): readonly (readonly [path: string, text: string])[];
}

/** Reads a value as an object. @throws {RowFault} it is none. */
export function readRecord(value: unknown): UntrustedRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RowFault('not-an-object');
  const source = new Map<string, unknown>(Object.entries(value));
  const read = new Set<string>();
  const inner = new Map<string, UntrustedRecord>();
  const take = (name: string): unknown => {
    read.add(name);
    return source.get(name) ?? undefined;
  };
  return {
    text(name) {
      const found = take(name);
      if (found === undefined) return '';
      if (typeof found === 'string') return found;
      if (typeof found === 'number' || typeof found === 'boolean') return JSON.stringify(found);
      throw new RowFault('field-malformed');
    },
    flag: (name) => take(name) === true,
    list(name) {
      const found = take(name) ?? [];
      if (!Array.isArray(found)) throw new RowFault('field-malformed');
      return found;
    },
    record(name) {
      const found = take(name) ?? {};
      if (typeof found !== 'object' || Array.isArray(found)) throw new RowFault('field-malformed');
      const made = inner.get(name) ?? readRecord(found);
      inner.set(name, made);
      return made;
    },
    skip(...names) {
      for (const name of names) read.add(name);
    },
    names: () => [...source.keys()],
    leftovers() {
      const own = [...source].flatMap(([name, left]) =>
        read.has(name) || isEmpty(left) ? [] : [[name, textOf(left)] as const],
      );
      const nested = [...inner].flatMap(([name, record]) =>
        record.leftovers().map(([path, text]) => [`${name}.${path}`, text] as const),
      );
      return [...own, ...nested];
    },
  };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
