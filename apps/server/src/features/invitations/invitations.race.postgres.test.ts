/**
 * One invitation in many registrations at once. Hashing keys takes so long that registrations hardly meet in
 * the database, so the claims are made here without it.
 */
import { randomUUID } from 'node:crypto';
import type { Invitation } from '@zkvault/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer, testKeyRing } from '../../../test/test-server.ts';
import { mustBe } from '../../../test/vault-api.ts';
import { claimInvitation } from './service.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('is claimed by one of many transactions at the same moment', async () => {
  const as = await server.givenAccount('admin');
  for (let round = 0; round < 20; round += 1) {
    const request = { method: 'POST', url: '/api/v1/users', payload: {}, as } as const;
    const { token } = mustBe(201, await server.send(request)).json<Invitation>();
    const bytes = new Uint8Array(Buffer.from(token, 'base64url'));

    const claims = await Promise.all(
      Array.from({ length: 8 }, () =>
        server.db.transaction().execute(async (tx) => {
          const claim = await claimInvitation({ keyRing: testKeyRing }, tx, bytes);
          await claim?.spend();
          return claim === undefined ? undefined : randomUUID();
        }),
      ),
    );

    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
  }
});
