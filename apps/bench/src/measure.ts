/** @file Interleaved rounds, medians and ratios. Nothing here knows what is measured. */

/** One thing and the ceiling it is held against; both give a rate, more is better. */
export interface Comparison {
  readonly name: string;
  /** What the rates count, for the table: `requests/s`, `entries/s`. */
  readonly unit: string;
  readonly ceiling: string;
  /** Measures the product for one round. */
  readonly subject: () => Promise<number>;
  /** Measures the ceiling for one round. */
  readonly reference: () => Promise<number>;
}

/** The outcome of a comparison. */
export interface Outcome {
  readonly name: string;
  readonly unit: string;
  readonly ceiling: string;
  readonly rounds: number;
  readonly subject: number;
  readonly reference: number;
  /** Median of the ratios round by round: machines drift, pairs of neighbours do so together. */
  readonly ratio: number;
  readonly lowestRatio: number;
  readonly highestRatio: number;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  if (upper === undefined || lower === undefined) throw new RangeError('no values to take the median of');
  return (lower + upper) / 2;
}

/** Runs a comparison: one uncounted round of each, then `rounds` of both in turn, first one then the other first. */
export async function compare(
  comparison: Comparison,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Outcome> {
  await comparison.subject();
  await comparison.reference();
  const subjects: number[] = [];
  const references: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    onRound(round + 1);
    if (round % 2 === 0) {
      subjects.push(await comparison.subject());
      references.push(await comparison.reference());
    } else {
      references.push(await comparison.reference());
      subjects.push(await comparison.subject());
    }
  }
  const ratios = subjects.map((subject, index) => subject / (references[index] ?? Number.NaN));
  const { name, unit, ceiling } = comparison;
  return {
    name,
    unit,
    ceiling,
    rounds,
    subject: median(subjects),
    reference: median(references),
    ratio: median(ratios),
    lowestRatio: Math.min(...ratios),
    highestRatio: Math.max(...ratios),
  };
}
