/** @file A sample of the metamorphic fuzzer over the real server; `fuzz.slow.test.ts` plays thousands. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type FuzzReport,
  fuzz,
  oneOfEach,
  operationOf,
  sampleOf,
} from '../../../packages/sdk/test/fuzz/fuzzer.ts';
import { fuzzedElsewhere } from '../../../packages/sdk/test/fuzz/own-words.ts';
import { sessionSteps } from '../../../packages/sdk/test/fuzz/session-steps.ts';
import type { Stage } from '../../../packages/sdk/test/fuzz/stage.ts';
import { accountSteps } from './account-steps.ts';
import { calledOperations } from './called-routes.ts';
import { makeRealStage } from './real-stage.ts';

const SEED = 20_260_102;
const SAMPLE = 16;

let stage: Stage;
const reports: FuzzReport[] = [];

beforeAll(async () => {
  stage = await makeRealStage();
});
afterAll(() => stage.close());

it('changes nothing that is shown, sent or kept, whatever one answer of the real server is turned into', async () => {
  const report = await fuzz([stage], sessionSteps, (plans) => sampleOf(plans, SEED, 0).slice(0, SAMPLE));
  reports.push(report);

  expect(report.violations).toEqual([]);
  expect(report.played).toHaveLength(SAMPLE);
}, 240_000);

it('nor in the calls for the account’s keys, recovery, API keys, sessions and administration', async () => {
  const other = await makeRealStage({ isForHours: true });
  try {
    const report = await fuzz([other], accountSteps, (plans) =>
      // What the session above has is played there.
      oneOfEach(plans, SEED).filter((plan) => !reports[0]?.operations.has(operationOf(plan))),
    );
    reports.push(report);

    expect(report.violations).toEqual([]);
    expect(report.played.length).toBeGreaterThan(25);
  } finally {
    await other.close();
  }
}, 240_000);

it('leaves out no route that the SDK calls', async () => {
  const fuzzed = reports.flatMap(({ operations }) => [...operations]);
  const called = await calledOperations();

  expect(called.filter((name) => !fuzzed.includes(name) && !Object.hasOwn(fuzzedElsewhere, name))).toEqual(
    [],
  );
  expect(Object.keys(fuzzedElsewhere).filter((name) => fuzzed.includes(name))).toEqual([]);
  expect(called.length).toBeGreaterThan(40);
});
