import { describe, expect, it } from 'vitest';
import { AuthError, IntegrityError, LockedError, TransportError, UnlockError } from '../src/errors.ts';
import { makeFakeServer } from './fake-server.ts';
import { failureOf, givenEntries, givenWorld, LOGIN, makeDevice, PASSWORD } from './world.ts';

describe('the account', () => {
  it('is shown as the server has it', async () => {
    const { device } = await givenWorld();

    const account = await device.client.account.get();

    expect(account).toEqual({
      id: (await device.client.status()).accountId,
      login: LOGIN,
      email: null,
      fullName: null,
      role: 'user',
      createdAt: '2026-01-01T00:00:00.000Z',
    });
  });

  it('says of its owner what is given, keeps what is left out and forgets what is null', async () => {
    const { client } = (await givenWorld()).device;

    await client.account.update({ email: 'ada@example.com', fullName: 'Ada' });
    await client.account.update({ fullName: 'Ada L.' });
    const changed = await client.account.update({ email: null });

    expect(changed).toMatchObject({ email: null, fullName: 'Ada L.' });
    expect(await client.account.get()).toEqual(changed);
  });

  it('is never another one, whatever the server says', async () => {
    const { server, device } = await givenWorld();
    server.lie('getOwnUser', ({ body }) => {
      Object.assign(body as object, { id: '00000000-0000-4000-8000-000000000000' });
    });

    expect(await failureOf(device.client.account.get())).toBeInstanceOf(IntegrityError);
  });

  it('needs an unlocked client', async () => {
    const { client } = (await givenWorld()).device;
    client.lock();

    for (const call of [
      client.account.get(),
      client.account.update({}),
      client.account.deleteAccount({ password: PASSWORD }),
    ])
      expect(await failureOf(call)).toBeInstanceOf(LockedError);
  });
});

describe('deleting the account', () => {
  it('leaves nothing of it at the server or on this device, so that the login can be registered again', async () => {
    const { server, device } = await givenWorld();
    await givenEntries(device, 'bank');
    const { storage, client } = device;

    await client.account.deleteAccount({ password: PASSWORD });

    expect(server.state.accounts.size).toBe(0);
    expect([...storage.values.keys()]).toEqual(['zkv1.device']);
    expect((await client.status()).state).toBe('logged-out');
    expect(() => client.exportUnlockKey()).toThrow(LockedError);
    await client.register({ login: LOGIN, password: PASSWORD });
    await client.login({ login: LOGIN, password: PASSWORD });
    expect(await client.entries.list()).toEqual([]);
  });

  it('sends nothing for a wrong password', async () => {
    const { server, device } = await givenWorld();
    const sent = server.requests.length;

    const failure = await failureOf(device.client.account.deleteAccount({ password: `${PASSWORD}!` }));

    expect(failure).toBeInstanceOf(UnlockError);
    expect(server.requests).toHaveLength(sent);
    expect((await device.client.status()).state).toBe('unlocked');
  });

  it('keeps what this device has when the server refuses, or gives no answer', async () => {
    const { server, device } = await givenWorld();
    const stored = new Map(device.storage.values);
    server.state.accounts.get(LOGIN)!.body.authKey = 'A'.repeat(43);

    const refused = await failureOf(device.client.account.deleteAccount({ password: PASSWORD }));
    server.intercept('deleteOwnUser', () => {
      throw new TypeError('the network is down');
    });
    const unanswered = await failureOf(device.client.account.deleteAccount({ password: PASSWORD }));

    expect(refused).toBeInstanceOf(AuthError);
    expect(refused).toMatchObject({ code: 'current-key-wrong' });
    expect(unanswered).toBeInstanceOf(TransportError);
    expect(unanswered).toMatchObject({ maybeApplied: true });
    expect(device.storage.values).toEqual(stored);
  });
});

describe('a registration with an invitation', () => {
  const invitation = Buffer.alloc(32, 7).toString('base64url');

  it('sends it along', async () => {
    const server = makeFakeServer();
    const { client } = makeDevice(server);

    await client.register({ login: LOGIN, password: PASSWORD, invitation });

    expect(server.requests.at(-1)?.body).toMatchObject({ invitation });
  });

  it.for([invitation.slice(1), `${invitation}A`, '', ` ${invitation}`])(
    'refuses what is no invitation: "%s"',
    async (wrong) => {
      const server = makeFakeServer();
      const { client } = makeDevice(server);

      const failure = await failureOf(
        client.register({ login: LOGIN, password: PASSWORD, invitation: wrong }),
      );

      expect(failure).toBeInstanceOf(RangeError);
      expect(server.requests).toEqual([]);
    },
  );
});
