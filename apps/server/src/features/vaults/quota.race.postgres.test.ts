/** A quota holds under parallel requests: the last place is taken once. */

import { VAULTS_PER_ACCOUNT } from '@zkvault/contract';
import { afterAll, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { vaultApi } from '../../../test/vault-api.ts';
import { aVault } from '../../../test/vault-values.ts';
import { transact } from '../../db/transact.ts';
import { createFirstVaults } from './service.ts';

const server = await startTestServer();
afterAll(() => server.close());

it('gives the last vault of an account to one of 50 parallel requests', async () => {
  const account = await server.givenAccount();
  const ada = vaultApi(server, account);
  const vaults = Array.from({ length: VAULTS_PER_ACCOUNT - 1 }, () => aVault('none'));
  await transact(server.db, (tx) => createFirstVaults(tx, account.userId, vaults));

  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ada.call('POST', '/vaults', { payload: { vault: aVault('none') } })),
  );

  const statuses = answers.map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  // On a busy machine some wait too long for the account's row and are told to come again.
  expect(statuses.filter((status) => status === 422 || status === 503)).toHaveLength(49);
  expect((await ada.call('GET', '/vaults')).json().items).toHaveLength(VAULTS_PER_ACCOUNT);
});
