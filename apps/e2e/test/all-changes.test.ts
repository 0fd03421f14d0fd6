/** Every change of keys after the other, on one account: what each leaves behind must be what the next begins with. */
import { memoryStorage, type VaultClient } from '@zkvault/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOGIN, NEW_PASSWORD, PASSWORD, startWorld, type World } from './account-world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const titlesOf = async (client: VaultClient) => (await client.entries.list()).map(({ title }) => title);

it('keeps every entry through rotations of both keys, changes of password and login, and a recovery', async () => {
  const beginning = await world.begin('generate');
  const storage = await beginning.restore();
  const client = world.client(storage);
  await client.unlock({ password: PASSWORD });
  const titles = await titlesOf(client);

  await client.vaults.rotateKey();
  const rotated = await client.account.rotateKeys({ password: PASSWORD });
  await client.vaults.rotateKey();
  await client.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  await client.vaults.rotateKey();
  await client.entries.create({ type: 'note', title: 'after all of this' });
  client.lock();
  await client.unlock({ password: NEW_PASSWORD });
  const here = await titlesOf(client);
  const stranger = world.client(memoryStorage());
  const recovered = await stranger.recover({
    login: LOGIN,
    recoveryKey: rotated.recoveryKey ?? beginning.recoveryKey,
    newPassword: PASSWORD,
  });
  await stranger.vaults.rotateKey();
  const elsewhere = await titlesOf(stranger);
  const third = world.client(memoryStorage());
  await third.login({
    login: LOGIN,
    password: PASSWORD,
    ...(recovered.secretKey !== null && { secretKey: recovered.secretKey }),
  });

  const expected = [...titles, 'after all of this'].toSorted();
  expect(here.toSorted()).toEqual(expected);
  expect(elsewhere.toSorted()).toEqual(expected);
  expect((await titlesOf(third)).toSorted()).toEqual(expected);
});
