/** @file A sample of the metamorphic fuzzer, the same each time; `fuzz.slow.test.ts` plays every lie. */
import { describe, expect, it } from 'vitest';
import { coverageTable, fuzz, sampleOf } from './fuzzer.ts';
import { serversOwnAnswers, serversOwnWords } from './own-words.ts';
import { sessionSteps } from './session-steps.ts';
import { makeFakeStage } from './stage.ts';

const SEED = 20_260_101;
const SAMPLE = 400;

describe('any one lie in any answer of a whole session', () => {
  it('changes nothing that is shown, sent or kept, or is refused', async () => {
    const stages = [makeFakeStage(), makeFakeStage()];

    const report = await fuzz(stages, sessionSteps, (plans) => sampleOf(plans, SEED, SAMPLE));

    expect(report.violations).toEqual([]);
    expect(report.played.length).toBeGreaterThanOrEqual(SAMPLE);
    expect(report.planned).toBeGreaterThan(25_000);
    expect(coverageTable(report)).toContain('getChanges/manifests/*/ciphertext');
  }, 120_000);

  it('is about the value of every place but the server’s own words, each with its reason', () => {
    const reasons = [serversOwnWords, serversOwnAnswers].flatMap((named) => Object.values(named));

    expect(reasons.filter((reason) => reason.length < 10)).toEqual([]);
    expect(reasons.length).toBeLessThanOrEqual(49);
  });
});
