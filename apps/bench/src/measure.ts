/** @file Interleaved rounds, medians and ratios. Nothing here knows what is measured. */

/** What a ratio should be: rates reach a part of their ceiling, times and sizes stay below a multiple of it. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One thing and the ceiling it is held against; both give a rate, a time or a size. */
export interface Comparison {
  readonly name: string;
  /** What the rates count, for the table: `requests/s`, `entries/s`. */
  readonly unit: string;
  readonly ceiling: string;
  readonly target?: Target;
  /** How many rounds are not counted; by default one. Servers get faster for the first thousands of requests. */
  readonly warmUps?: number;
  /** Measures the product for one round. */
  readonly subject: () => Promise<number>;
  /** Measures the ceiling for one round. */
  readonly reference: () => Promise<number>;
  /** Called after the last round. */
  readonly close?: () => Promise<void>;
}

/** The outcome of a comparison. */
export interface Outcome {
  readonly name: string;
  readonly unit: string;
  readonly ceiling: string;
  readonly target: Target | undefined;
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

/** Runs a comparison: uncounted rounds of each, then `rounds` of both in turn, first one then the other first. */
export async function compare(
  comparison: Comparison,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Outcome> {
  for (let round = 0; round < (comparison.warmUps ?? 1); round += 1) {
    await comparison.subject();
    await comparison.reference();
  }
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
  await comparison.close?.();
  const ratios = subjects.map((subject, index) => subject / (references[index] ?? Number.NaN));
  const { name, unit, ceiling, target } = comparison;
  return {
    name,
    unit,
    ceiling,
    target,
    rounds,
    subject: median(subjects),
    reference: median(references),
    ratio: median(ratios),
    lowestRatio: Math.min(...ratios),
    highestRatio: Math.max(...ratios),
  };
}
