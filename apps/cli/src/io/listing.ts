/** @file A list as text: a table under headings for a person, fields divided by tabs for a program. */
import type { Output } from './output.ts';
import { printableLine } from './printable.ts';
import { type Column, layOutTable } from './table.ts';

/**
 * Lays a list out.
 *
 * @param rows cells as they came, as many as there are columns; they are made printable here.
 * @returns text without its last line break; empty for an empty list.
 */
export function listingOf(
  { isTerminal, paint, width }: Output,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const printable = rows.map((row) => row.map(printableLine));
  if (!isTerminal) return printable.map((row) => row.join('\t')).join('\n');
  if (rows.length === 0) return '';
  const { heading, lines } = layOutTable(columns, printable, width);
  return [paint('heading', heading), ...lines].join('\n');
}
