import { afterAll, beforeAll, expect, it } from 'vitest';
import { besiege, type Siege, startSiege } from './hostile-proxy.ts';

const EVERY = 40;

let siege: Siege | undefined;

beforeAll(async () => {
  siege = await startSiege();
}, 180_000);
afterAll(() => siege?.stop());

it('prints what is true or ends with 8 (7 for the network), whatever a proxy makes of an answer', {
  timeout: 180_000,
}, async () => {
  const chosen = siege!.lies.filter((_, index) => index < 4 || index % EVERY === 0);

  expect(chosen.length).toBeGreaterThan(10);
  expect(await besiege(siege!, chosen)).toEqual([]);
});
