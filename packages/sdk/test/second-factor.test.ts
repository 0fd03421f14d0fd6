/**
 * The second factor as an app calls it. The SDK believes nothing because of it, so what a server says about it
 * changes who may log in and nothing else.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthError,
  ConflictError,
  LockedError,
  ProtocolError,
  SecondFactorRequiredError,
  UnlockError,
} from '../src/errors.ts';
import { FAKE_TOTP } from './fake-server.ts';
import { failureOf, givenWorld, LOGIN, makeDevice, PASSWORD, type World } from './world.ts';

const password = PASSWORD;
const totp = FAKE_TOTP;

let world: World;
beforeEach(async () => {
  world = await givenWorld();
});

/** Sets a second factor up and confirms it. */
async function givenSecondFactor(): Promise<void> {
  await world.device.client.secondFactor.setup({ password });
  await world.device.client.secondFactor.verify({ password, totp });
}

function credentials() {
  return { login: LOGIN, password, secretKey: world.secretKey };
}

describe('a login', () => {
  it('without the second factor that is asked for fails, and leaves nothing on the device', async () => {
    await givenSecondFactor();
    const fresh = makeDevice(world.server);

    const error = await failureOf(fresh.client.login(credentials()));

    expect(error).toBeInstanceOf(SecondFactorRequiredError);
    expect(error).toBeInstanceOf(AuthError);
    expect((await fresh.client.status()).state).toBe('logged-out');
    expect(
      [...fresh.storage.values.keys()].filter((key) => /session|tokens|account|secret/.test(key)),
    ).toEqual([]);
  });

  it('is done again with it', async () => {
    await givenSecondFactor();
    const fresh = makeDevice(world.server);
    await failureOf(fresh.client.login(credentials()));

    await fresh.client.login({ ...credentials(), secondFactor: { totp } });

    expect((await fresh.client.status()).state).toBe('unlocked');
    expect(await fresh.client.entries.list()).toEqual([]);
  });

  it('with a wrong one fails as with a wrong password', async () => {
    await givenSecondFactor();
    const fresh = makeDevice(world.server);

    const byTotp = await failureOf(
      fresh.client.login({ ...credentials(), secondFactor: { totp: '654321' } }),
    );
    const byCode = await failureOf(
      fresh.client.login({ ...credentials(), secondFactor: { recoveryCode: 'AAAA-BBBB-CCCC-0000' } }),
    );

    for (const error of [byTotp, byCode]) {
      expect(error).toBeInstanceOf(AuthError);
      expect(error).toMatchObject({ code: 'invalid-credentials' });
    }
  });

  it.for([
    { totp: '12345' },
    { totp: '1234567' },
    { totp: '12345\n' },
    { recoveryCode: 'too-short' },
    { recoveryCode: 'A'.repeat(41) },
    {} as { totp: string },
  ])('refuses %o before anything is sent', async (secondFactor) => {
    const sent = world.server.requests.length;

    const error = await failureOf(world.device.client.login({ ...credentials(), secondFactor }));

    expect(error).toBeInstanceOf(RangeError);
    expect(world.server.requests).toHaveLength(sent);
  });
});

describe('the management of the second factor', () => {
  it('goes from setup to codes to its end', async () => {
    const { secondFactor } = world.device.client;

    const setup = await secondFactor.setup({ password });
    const verified = await secondFactor.verify({ password, totp });
    const renewed = await secondFactor.renewRecoveryCodes({ password });
    const again = await failureOf(secondFactor.setup({ password }));
    await secondFactor.disable({ password });
    const without = await failureOf(secondFactor.renewRecoveryCodes({ password }));

    expect(setup.otpauthUrl).toContain(setup.secret);
    expect([verified.recoveryCodes.length, renewed.recoveryCodes.length]).toEqual([10, 10]);
    for (const error of [again, without]) expect(error).toBeInstanceOf(ConflictError);
    expect([again, without]).toMatchObject([
      { code: 'second-factor-active' },
      { code: 'second-factor-inactive' },
    ]);
  });

  it('finds a wrong password on the device and sends it to nobody', async () => {
    const { secondFactor } = world.device.client;
    const wrong = { password: 'another password than that', totp };
    const sent = world.server.requests.length;

    for (const attempt of [
      () => secondFactor.setup(wrong),
      () => secondFactor.verify(wrong),
      () => secondFactor.renewRecoveryCodes(wrong),
      () => secondFactor.disable(wrong),
    ])
      expect(await failureOf(attempt())).toBeInstanceOf(UnlockError);

    expect(world.server.requests).toHaveLength(sent);
  });

  it('tells a wrong one-time password, and refuses one without the form', async () => {
    const { secondFactor } = world.device.client;
    await secondFactor.setup({ password });

    const wrong = await failureOf(secondFactor.verify({ password, totp: '000000' }));
    const malformed = await failureOf(secondFactor.verify({ password, totp: '12 34 56' }));

    expect(wrong).toBeInstanceOf(AuthError);
    expect(wrong).toMatchObject({ code: 'second-factor-wrong' });
    expect(malformed).toBeInstanceOf(RangeError);
  });

  it('needs an unlocked client', async () => {
    const { client } = world.device;
    client.lock();

    expect(await failureOf(client.secondFactor.setup({ password }))).toBeInstanceOf(LockedError);
    expect(await failureOf(makeDevice(world.server).client.secondFactor.disable({ password }))).toMatchObject(
      {
        name: 'LockedError',
        code: 'logged-out',
      },
    );
  });

  it('ends with a lock while the password is worked on, and sends nothing', async () => {
    const { client } = world.device;
    const sent = world.server.requests.length;

    const setup = failureOf(client.secondFactor.setup({ password }));
    client.lock();

    expect(await setup).toBeInstanceOf(LockedError);
    expect(world.server.requests).toHaveLength(sent);
  });

  it('never sends a password, and the key in bodies only', async () => {
    await givenSecondFactor();

    for (const { url, body, headers } of world.server.requests) {
      const said = `${url.href} ${JSON.stringify([...headers])}`;
      expect(`${said} ${JSON.stringify(body)}`).not.toContain(PASSWORD);
      expect(said).not.toContain(world.server.state.accounts.get(LOGIN)!.body.authKey);
    }
  });

  it.for([
    ['that goes elsewhere', 'https://evil.example/'],
    ['with a line break', 'otpauth://totp/x?secret=A\nzkvault: all is well'],
    ['with an escape sequence', 'otpauth://totp/x\u001b[2J'],
  ] as const)('takes no URL %s from a server', async ([, otpauthUrl]) => {
    world.server.lie('setUpSecondFactor', (answer) => {
      answer.body = { ...(answer.body as object), otpauthUrl };
    });

    const error = await failureOf(world.device.client.secondFactor.setup({ password }));

    expect(error).toBeInstanceOf(ProtocolError);
  });
});
