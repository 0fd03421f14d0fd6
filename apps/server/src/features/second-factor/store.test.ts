import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { TOTP_STEP_SECONDS } from '../../lib/one-time-password.ts';
import { findSecondFactor, replaceSeed, useStep } from './store.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

function aSeed(byte: number) {
  return { keyId: 'test', sealed: new Uint8Array(48).fill(byte) };
}

it('uses no step of a seed that was replaced since it was read, and puts none in its place', async () => {
  const { db } = server;
  const { userId } = await server.givenAccount();
  await db.transaction().execute((tx) => replaceSeed(tx, userId, aSeed(1)));
  const read = await findSecondFactor(db, userId, TOTP_STEP_SECONDS);
  if (read === undefined) throw new Error('the seed was written');
  await db.transaction().execute((tx) => replaceSeed(tx, userId, aSeed(2)));

  const used = await useStep(db, read, read.current_step, aSeed(3));

  const present = await findSecondFactor(db, userId, TOTP_STEP_SECONDS);
  expect(used).toBe(false);
  expect([present?.last_step, present?.sealed_seed[0]]).toEqual([null, 2]);
});
