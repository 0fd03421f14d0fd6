import { afterAll, beforeAll, expect, it } from 'vitest';
import { besiege, type Siege, startSiege } from './hostile-proxy.ts';

let siege: Siege | undefined;

beforeAll(async () => {
  siege = await startSiege();
}, 180_000);
afterAll(() => siege?.stop());

it('prints what is true or ends with 8 (7 for the network), whatever a proxy makes of an answer', {
  timeout: 3_600_000,
}, async () => {
  expect(siege!.lies.length).toBeGreaterThan(500);
  expect(await besiege(siege!, siege!.lies)).toEqual([]);
});
