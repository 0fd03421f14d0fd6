/** @file What the fuzzer found: a lie told beside a session that is open must end that session's trust as well. */
import { describe, it } from 'vitest';
import { IntegrityError } from '../src/errors.ts';
import { expectRefused, givenEntries, givenWorld, LOGIN, PASSWORD } from './world.ts';

describe('a server caught lying', () => {
  it('at a login halts the session that was open before it', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    world.server.lie('login', ({ body }) => void Object.assign(body as object, { vaults: [] }));

    await expectRefused(
      world,
      world.device,
      () => world.device.client.login({ login: LOGIN, password: PASSWORD }),
      IntegrityError,
    );
  });

  it.for(['get', 'update'] as const)('about whose account it is halts the session (%s)', async (call) => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    for (const operation of ['getOwnUser', 'updateOwnUser'])
      world.server.lie(
        operation,
        ({ body }) => void Object.assign(body as object, { id: crypto.randomUUID() }),
      );
    const { account } = world.device.client;

    await expectRefused(
      world,
      world.device,
      () => (call === 'get' ? account.get() : account.update({ fullName: 'Ada' })),
      IntegrityError,
    );
  });
});
