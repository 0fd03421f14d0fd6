/**
 * @file The metamorphic fuzzer, whole: every operator at every place of every answer of a session, told once
 * and told always. Prints the table place × operator.
 *
 * `ZKVAULT_FUZZ_SEED` sets the order; `ZKVAULT_FUZZ_COUNT` plays only so many.
 */
import { describe, expect, it } from 'vitest';
import { coverageTable, fuzz, sampleOf } from './fuzzer.ts';
import { sessionSteps } from './session-steps.ts';
import { makeFakeStage } from './stage.ts';

const seed = Number(process.env['ZKVAULT_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
const count = Number(process.env['ZKVAULT_FUZZ_COUNT'] ?? Number.MAX_SAFE_INTEGER);
const LANES = 4;

describe('every one lie in every answer of a whole session', () => {
  it('changes nothing that is shown, sent or kept, or is refused', async () => {
    const stages = Array.from({ length: LANES }, makeFakeStage);

    const report = await fuzz(stages, sessionSteps, (plans) => sampleOf(plans, seed, count));

    const kinds = Object.groupBy(report.played, ({ outcome }) => outcome.kind);
    const figures = Object.entries(kinds).map(([kind, played]) => `${played.length} ${kind}`);
    process.stdout.write(`seed ${seed}, ${report.played.length} sessions: ${figures.join(', ')}\n`);
    process.stdout.write(`${coverageTable(report)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.planned).toBeGreaterThan(25_000);
    expect(report.played.length).toBe(Math.min(count, report.planned));
  }, 7_200_000);
});
