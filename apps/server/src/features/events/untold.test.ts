/** Changes that nobody told: the instance that made them has ended before it could. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { vaultApi } from '../../../test/vault-api.ts';
import { aPut } from '../../../test/vault-values.ts';
import { silentChangeFeed } from '../../db/change-feed.ts';
import { makeEventStreams } from './service.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it('a stream tells a commit that it was not told of', async () => {
  const account = await server.givenAccount();
  const api = vaultApi(server, account);
  const vaultId = await api.givenVault('none');
  const streams = makeEventStreams({ db: server.db, changes: silentChangeFeed, resyncSeconds: 1 });
  const tokenExpiresAt = Date.now() / 1_000 + 600;
  const stream = await streams.open({ ...account, role: 'user', tokenExpiresAt, lastEventId: undefined });
  let text = '';
  stream.attach({
    write(part) {
      text += part;
      return true;
    },
    end() {},
    destroy() {},
  });

  await api.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(randomUUID(), 1)] });

  await expect.poll(() => text, { timeout: 10_000 }).toContain(JSON.stringify({ vaultId, revision: 1 }));
  streams.close();
});
