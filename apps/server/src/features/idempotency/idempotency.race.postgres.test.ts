/** The same request many times at once: exactly one is carried out, and all learn what came of it. */
import { randomUUID } from 'node:crypto';
import type { Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  startTestServer,
  type TestAccount,
  type TestServer,
  testKeyRing,
} from '../../../test/test-server.ts';
import { tally, vaultApi } from '../../../test/vault-api.ts';
import { aPut, aVault } from '../../../test/vault-values.ts';
import { authenticate } from '../../lib/key-ring.ts';
import { claimKey } from './store.ts';

let server: TestServer;
let account: TestAccount;
beforeAll(async () => {
  server = await startTestServer();
  account = await server.givenAccount('admin');
});
afterAll(() => server.close());

const post = (path: string, payload: object, key: string): Promise<LightMyRequestResponse> =>
  server.send({
    method: 'POST',
    url: `/api/v1${path}`,
    payload,
    as: account,
    headers: { 'idempotency-key': key },
  });

it('makes one invitation of 20 rounds of 8 twins, and tells all of them its token', async () => {
  for (let round = 0; round < 20; round += 1) {
    const key = randomUUID();

    const twins = await Promise.all(Array.from({ length: 8 }, () => post('/users', {}, key)));

    expect(tally(twins)).toEqual({ 201: 8 });
    expect(new Set(twins.map(({ body }) => body)).size).toBe(1);
  }
  const { count } = await server.db
    .selectFrom('invitations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect(count).toBe(20);
});

it('takes one commit of twins, and none of them conflicts', async () => {
  const api = vaultApi(server, account);
  const vaultId = await api.givenVault('none');
  const body = { baseSeq: 0, operations: [aPut(randomUUID(), 1)] };
  const key = randomUUID();

  const twins = await Promise.all(
    Array.from({ length: 8 }, () => post(`/vaults/${vaultId}/commits`, body, key)),
  );

  expect(twins.map((response) => response.json<object>())).toEqual(
    twins.map(() => ({ revision: 1, seq: 1 })),
  );
});

it('asks the twin of a request that takes too long to come again', async () => {
  const key = randomUUID();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const keyHash = authenticate(testKeyRing.oldest('idempotency'), 'key', key);
  const ref = { userId: account.userId, operation: 'createVault', keyHash };
  const claim = { fingerprint: new Uint8Array(32), keyId: 'test', ttlHours: 24 };
  let isHeld = false;
  const holding = server.db.transaction().execute(async (tx) => {
    isHeld = await claimKey(tx, ref, claim);
    await released;
    throw new Error('rolled back');
  });
  await expect.poll(() => isHeld).toBe(true);

  const twin = await post('/vaults', { vault: aVault('none') }, key);
  release();
  await holding.catch(() => undefined);
  const later = await post('/vaults', { vault: aVault('none') }, key);

  expect([twin.statusCode, twin.json<Problem>().code]).toEqual([409, 'idempotency-in-progress']);
  expect(twin.headers['retry-after']).toBe('1');
  expect(later.statusCode).toBe(201);
});
