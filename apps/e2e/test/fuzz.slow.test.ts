/**
 * @file The metamorphic fuzzer over the real server and its database, by the thousands.
 *
 * `ZKVAULT_FUZZ_SEED` sets what is played, `ZKVAULT_FUZZ_COUNT` how much of each session (3,000 if unset),
 * `ZKVAULT_FUZZ_ONLY` a part of the titles of what is played.
 */
import { expect, it } from 'vitest';
import { coverageTable, fuzz, sampleOf } from '../../../packages/sdk/test/fuzz/fuzzer.ts';
import { type Step, sessionSteps } from '../../../packages/sdk/test/fuzz/session-steps.ts';
import { accountSteps } from './account-steps.ts';
import { makeRealStage } from './real-stage.ts';

const seed = Number(process.env['ZKVAULT_FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
const count = Number(process.env['ZKVAULT_FUZZ_COUNT'] ?? 3_000);
const only = process.env['ZKVAULT_FUZZ_ONLY'] ?? '';

const sessions: readonly (readonly [string, readonly Step[]])[] = [
  ['what an app does every day', sessionSteps],
  ['keys of the account, recovery, API keys, sessions and administration', accountSteps],
];

it.for(sessions)(
  'nothing that is shown, sent or kept changes, whatever one answer of the real server is turned into: %s',
  { timeout: 7_200_000 },
  async ([name, steps]) => {
    const stage = await makeRealStage({ isForHours: true });
    try {
      const report = await fuzz([stage], steps, (plans) =>
        sampleOf(
          plans.filter(({ title }) => title.includes(only)),
          seed,
          count,
        ),
      );

      const figures = `seed ${seed}, ${report.played.length} of ${report.planned} lies`;
      process.stdout.write(`${name}: ${figures}\n${coverageTable(report)}\n`);
      expect(report.violations).toEqual([]);
      if (only === '') expect(report.played.length).toBeGreaterThanOrEqual(Math.min(count, report.planned));
    } finally {
      await stage.close();
    }
  },
);
