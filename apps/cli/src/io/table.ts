/** @file Lays rows out in columns for a terminal. */
import { cutToWidth, displayWidth } from './display-width.ts';

/** One column: its heading, and whether it gives way first when the terminal is narrow. */
export interface Column {
  readonly heading: string;
  /** Columns that may be cut share what is left over; the others keep their width. */
  readonly flexible?: boolean;
}

const GAP = '  ';
const MIN_FLEXIBLE_WIDTH = 12;

/**
 * Lays out rows under headings.
 *
 * @param rows cells without control characters, as many as there are columns.
 * @param maxWidth columns of the terminal.
 * @returns one line for the headings and one per row, without white space at their ends.
 */
export function layOutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxWidth: number,
): { readonly heading: string; readonly lines: readonly string[] } {
  const widths = columns.map(({ heading }, index) =>
    Math.max(displayWidth(heading), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const fitted = fitWidths(columns, widths, maxWidth);
  const line = (cells: readonly string[]): string =>
    fitted
      .map((width, index) => padTo(cutToWidth(cells[index] ?? '', width), width))
      .join(GAP)
      .trimEnd();
  return { heading: line(columns.map(({ heading }) => heading)), lines: rows.map(line) };
}

function fitWidths(
  columns: readonly Column[],
  widths: readonly number[],
  maxWidth: number,
): readonly number[] {
  const total = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  let excess = total - maxWidth;
  const fitted = [...widths];
  while (excess > 0) {
    const widest = fitted.reduce<number | undefined>((best, width, index) => {
      if (columns[index]?.flexible !== true || width <= MIN_FLEXIBLE_WIDTH) return best;
      return best === undefined || width > (fitted[best] ?? 0) ? index : best;
    }, undefined);
    if (widest === undefined) break;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
    excess -= 1;
  }
  return fitted;
}

function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}
