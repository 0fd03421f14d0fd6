/** @file Tokens, locks, and what lies in storage. */
import { describe, expect, it } from 'vitest';
import { createVaultClient } from '../src/client.ts';
import {
  AuthError,
  IntegrityError,
  LockedError,
  RollbackError,
  TransportError,
  UnlockError,
} from '../src/errors.ts';
import { memoryStorage } from '../src/storage.ts';
import { makeFakeServer, problemResponse } from './fake-server.ts';
import {
  CANARY,
  type Device,
  failureOf,
  givenEntries,
  givenWorld,
  LOGIN,
  makeDevice,
  PASSWORD,
  type World,
} from './world.ts';

const refreshesOf = ({ server }: World): number =>
  server.requests.filter(({ operationId }) => operationId === 'refresh').length;
const offline = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));

function endAccessTokens({ server }: World): void {
  for (const session of server.state.sessions) session.accessToken = crypto.randomUUID();
}

describe('an access token', () => {
  it('is renewed once for many calls that need it', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    endAccessTokens(world);

    await Promise.all(Array.from({ length: 10 }, () => world.device.client.sync()));

    expect(refreshesOf(world)).toBe(1);
  });

  it('is renewed before it ends', async () => {
    const clock = { ms: 1_000_000 };
    const world = await givenWorld({ now: () => clock.ms });
    await world.device.client.sync();
    clock.ms += 880_000;

    await world.device.client.sync();

    expect(refreshesOf(world)).toBe(1);
    const refused = world.server.requests.filter(({ operationId }) => operationId === 'getChanges');
    expect(refused).toHaveLength(2);
  });

  it('that is refused twice ends in an AuthError, not in a loop', async () => {
    const world = await givenWorld();
    await world.device.client.sync();
    world.server.lie('getChanges', () => problemResponse('invalid-token'));

    const error = await failureOf(world.device.client.sync());

    expect(error).toBeInstanceOf(AuthError);
    expect(refreshesOf(world)).toBe(1);
  });

  it('survives a renewal whose answer was lost', async () => {
    const world = await givenWorld();
    endAccessTokens(world);
    let lost = 0;
    world.server.lie('refresh', () => {
      lost += 1;
      if (lost <= 4) return Promise.reject(new TypeError('terminated'));
      return undefined;
    });

    const first = await failureOf(world.device.client.sync());
    await world.device.client.sync();

    expect(first).toBeInstanceOf(TransportError);
    const keys = new Set(
      world.server.requests
        .filter(({ operationId }) => operationId === 'refresh')
        .map(({ headers }) => headers.get('idempotency-key')),
    );
    expect(keys.size).toBe(1);
  });

  it('is shared with another process of the same user, which does not spend it twice', async () => {
    const world = await givenWorld();
    const other = makeDevice(world.server, { storage: world.device.storage });
    await other.client.unlock({ password: PASSWORD });
    endAccessTokens(world);

    await world.device.client.sync();
    await other.client.sync();

    expect(refreshesOf(world)).toBe(1);
  });

  it('of a session that has ended leaves what was verified, but asks for a login', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    for (const session of world.server.state.sessions) session.ended = true;

    expect(await failureOf(world.device.client.sync())).toMatchObject({
      name: 'AuthError',
      code: 'invalid-token',
    });
    expect(await world.device.client.entries.list()).toHaveLength(1);
  });

  it('is not brought back by a renewal that a logout overtook', async () => {
    const world = await givenWorld();
    endAccessTokens(world);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.server.intercept('refresh', () => held);
    const syncing = failureOf(world.device.client.sync());
    await expect.poll(() => refreshesOf(world)).toBe(1);

    await world.device.client.logout();
    release();

    expect(await syncing).toBeInstanceOf(LockedError);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([...world.device.storage.values.keys()].some((key) => key.endsWith('.tokens'))).toBe(false);
  });
});

describe('a lock', () => {
  it('keeps the tokens of a renewal under way, which would be lost otherwise', async () => {
    const world = await givenWorld();
    endAccessTokens(world);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.server.lie('refresh', () => held.then(() => undefined));
    const syncing = failureOf(world.device.client.sync());
    await expect.poll(() => refreshesOf(world)).toBe(1);

    world.device.client.lock();
    release();

    expect(await syncing).toBeInstanceOf(LockedError);
    const stored = () =>
      Buffer.from(world.device.storage.values.get(world.device.storage.keyEndingWith('.tokens'))!).toString();
    await expect.poll(stored).toContain(world.server.state.sessions[0]!.refreshToken);
  });

  it('ends calls under way, and nothing is sent after it', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.server.intercept('commitVault', () => held);
    const sent = world.server.requests.length;
    const writing = failureOf(givenEntries(world.device, 'late'));
    await expect.poll(() => world.server.requests.length).toBe(sent + 1);

    world.device.client.lock();
    release();

    expect(await writing).toBeInstanceOf(LockedError);
    for (const call of [
      world.device.client.entries.list(),
      world.device.client.sync(),
      world.device.client.emergencyKit(),
    ])
      expect(await failureOf(call)).toMatchObject({ name: 'LockedError', code: 'locked' });
    expect(() => world.device.client.exportUnlockKey()).toThrow(LockedError);
    expect(world.server.requests.length).toBe(sent + 1);
    expect((await world.device.client.status()).state).toBe('locked');
  });

  it('ends an unlock under way', async () => {
    const world = await givenWorld();
    world.device.client.lock();
    const unlocking = failureOf(world.device.client.unlock({ password: PASSWORD }));

    world.device.client.lock();

    expect(await unlocking).toBeInstanceOf(LockedError);
    expect((await world.device.client.status()).state).toBe('locked');
  });

  it('leaves nothing in clear in storage but the Secret Key and tokens', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const unlockKey = Buffer.from(world.device.client.exportUnlockKey());

    world.device.client.lock();

    for (const [key, value] of world.device.storage.values) {
      const text = Buffer.from(value).toString('latin1');
      for (const secret of [
        CANARY,
        PASSWORD,
        unlockKey.toString('latin1'),
        unlockKey.toString('base64url'),
        unlockKey.toString('hex'),
      ])
        expect(text, key).not.toContain(secret);
    }
  });

  it('is not there before a login', async () => {
    const { client } = makeDevice(makeFakeServer());

    expect(await failureOf(client.entries.list())).toMatchObject({ name: 'LockedError', code: 'logged-out' });
    expect(await failureOf(client.unlock({ password: PASSWORD }))).toMatchObject({ code: 'logged-out' });
    await client.logout();
    expect((await client.status()).state).toBe('logged-out');
  });
});

describe('an unlock', () => {
  it('by another account’s key is refused like a wrong password', async () => {
    const world = await givenWorld();
    world.device.client.lock();

    expect(
      await failureOf(world.device.client.unlock({ unlockKey: new Uint8Array(32).fill(7) })),
    ).toBeInstanceOf(UnlockError);
    expect(await failureOf(world.device.client.unlock({ unlockKey: new Uint8Array(31) }))).toBeInstanceOf(
      RangeError,
    );
  });

  it('makes no request', async () => {
    const world = await givenWorld();
    world.device.client.lock();
    const sent = world.server.requests.length;

    await world.device.client.unlock({ password: PASSWORD });

    expect(world.server.requests.length).toBe(sent);
  });
});

describe('a stored account', () => {
  it('with an altered wrap is refused like a wrong password', async () => {
    const world = await givenWorld();
    tamper(world.device, '.account', (text) =>
      text.replace(
        /("wrap":\{"ciphertext":".{100})(.)/,
        (_, before: string, letter: string) => before + (letter === 'A' ? 'B' : 'A'),
      ),
    );

    expect(await failureOf(restart(world).client.unlock({ password: PASSWORD }))).toBeInstanceOf(UnlockError);
  });

  it('of the past is refused', async () => {
    const world = await givenWorld();
    const key = world.device.storage.keyEndingWith('.account');
    const past = world.device.storage.values.get(key)!;
    for (let count = 0; count < 17; count += 1) await givenEntries(world.device, `${count}`);
    world.device.storage.values.set(key, past);

    expect(await failureOf(restart(world).client.unlock({ password: PASSWORD }))).toBeInstanceOf(
      RollbackError,
    );
  });

  it('that is broken is a ProtocolError, and can be logged out of', async () => {
    const world = await givenWorld();
    tamper(world.device, '.account', (text) => text.slice(0, -1));
    const { client } = restart(world);

    expect(await failureOf(client.unlock({ password: PASSWORD }))).toMatchObject({ name: 'ProtocolError' });
    await client.logout();
    expect((await client.status()).state).toBe('logged-out');
  });
});

describe('pins', () => {
  it.for([
    ['a lower seq', (text: string) => text.replace('"seq":1,', '"seq":0,')],
    ['another MAC', (text: string) => `${text.startsWith('\0') ? '\u0001' : '\0'}${text.slice(1)}`],
    ['half of them', (text: string) => text.slice(0, 60)],
    ['less than a MAC', (text: string) => text.slice(0, 20)],
    ['another KDF rank', (text: string) => text.replace('"kdfRank":2', '"kdfRank":1')],
  ] as const)('with %s are refused', async ([, change]) => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    tamper(world.device, '.pins', change);
    const again = restart(world);
    const pins = world.device.storage.values.get(world.device.storage.keyEndingWith('.pins'));

    expect(await failureOf(again.client.unlock({ password: PASSWORD }))).toBeInstanceOf(IntegrityError);
    expect(await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(
      IntegrityError,
    );
    expect(world.device.storage.values.get(world.device.storage.keyEndingWith('.pins'))).toEqual(pins);
  });

  it('that are gone make the device a fresh one, and it says so', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    await world.device.storage.delete(world.device.storage.keyEndingWith('.pins'));
    const again = restart(world);
    await again.client.unlock({ password: PASSWORD });

    expect((await again.client.status()).vaults).toMatchObject([{ seq: null, freshness: 'unanchored' }]);
    expect(await again.client.sync()).toMatchObject({ added: 1, freshness: 'unanchored' });
    expect(await again.client.sync()).toMatchObject({ freshness: 'pinned' });
  });
});

describe('the cache', () => {
  it.for([
    [
      'altered',
      (text: string) => text.replace(/"tag":"(.)/g, (_, first) => `"tag":"${first === 'A' ? 'Q' : 'A'}`),
    ],
    ['cut', (text: string) => text.slice(0, -10)],
    ['emptied', (text: string) => text.replace(/"entries":\[.*\]/, '"entries":[],"deleted":[]')],
    ['stripped of its head', (text: string) => text.replace(/"head":\{[^}]*\}/, '"head":null')],
  ] as const)('when %s is not shown; the server is asked', async ([, change]) => {
    const world = await givenWorld();
    const second = await world.freshDevice();
    await givenEntries(world.device, 'bank', 'airline');
    await second.client.entries.list();
    tamper(second, '.0', change);
    const online = makeDevice(world.server, { storage: second.storage });
    const alone = makeDevice(world.server, { storage: second.storage, fetch: offline });
    await alone.client.unlock({ password: PASSWORD });
    const sent = world.server.requests.length;

    const error = await failureOf(alone.client.entries.list());
    await online.client.unlock({ password: PASSWORD });

    expect(error).toBeInstanceOf(TransportError);
    expect(await online.client.entries.list()).toHaveLength(2);
    expect(world.server.requests.length).toBe(sent + 1);
  });

  it('of the past is not shown', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const second = await world.freshDevice();
    await second.client.entries.list();
    const past = new Map(second.storage.values);
    await givenEntries(second, 'airline');
    for (const [key, value] of past) if (key.includes('.cache.')) second.storage.values.set(key, value);
    await second.storage.delete([...second.storage.values.keys()].find((key) => key.endsWith('.1'))!);
    const alone = makeDevice(world.server, { storage: second.storage, fetch: offline });
    await alone.client.unlock({ password: PASSWORD });

    expect(await failureOf(alone.client.entries.list())).toBeInstanceOf(TransportError);
  });

  it('whose last write was cut off by a crash before the pin is used up to the pin', async () => {
    const world = await givenWorld();
    const second = await world.freshDevice();
    await givenEntries(world.device, 'bank');
    await second.client.entries.list();
    const pins = second.storage.values.get(second.storage.keyEndingWith('.pins'))!;
    await givenEntries(second, 'airline');
    second.storage.values.set(second.storage.keyEndingWith('.pins'), pins);
    const alone = makeDevice(world.server, { storage: second.storage, fetch: offline });
    await alone.client.unlock({ password: PASSWORD });

    expect((await alone.client.entries.list()).map(({ title }) => title)).toEqual(['bank']);

    const again = makeDevice(world.server, { storage: second.storage });
    await again.client.unlock({ password: PASSWORD });
    expect(await again.client.sync()).toMatchObject({ added: 1 });
    expect(await again.client.entries.list()).toHaveLength(2);
  });
});

describe('the factory', () => {
  it('does nothing, and a wrong option is reported by the first call', async () => {
    const wrong = [
      { baseUrl: 'not a url' },
      { baseUrl: 'http://vault.example' },
      { baseUrl: 'ftp://vault.example' },
      { baseUrl: 'https://user:pw@vault.example' },
      { baseUrl: 'https://vault.example/?x=1' },
      { baseUrl: undefined as unknown as string },
    ];
    for (const { baseUrl } of wrong) {
      const client = createVaultClient({ baseUrl, storage: memoryStorage() });
      expect(await failureOf(client.status()), baseUrl).toMatchObject({ code: 'invalid-base-url' });
    }
    const base = { baseUrl: 'http://127.0.0.1:4000', storage: memoryStorage() };
    expect(await failureOf(createVaultClient({ ...base, timeoutMs: 0 }).status())).toBeInstanceOf(RangeError);
    expect(
      await failureOf(createVaultClient({ ...base, allowedProfiles: [9 as never] }).status()),
    ).toMatchObject({ name: 'KdfPolicyError' });
    expect(await failureOf(createVaultClient({ ...base, deviceName: 'a\nb' }).status())).toBeInstanceOf(
      RangeError,
    );
    expect((await createVaultClient(base).status()).baseUrl).toBe('http://127.0.0.1:4000');
    expect(
      (await createVaultClient({ ...base, baseUrl: 'http://server:4000/', allowInsecureHttp: true }).status())
        .baseUrl,
    ).toBe('http://server:4000');
  });
});

describe('two accounts of one storage', () => {
  it('do not get into each other’s way', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const { client } = world.device;
    await client.register({ login: 'bob_builder', password: PASSWORD });

    await client.login({ login: 'bob_builder', password: PASSWORD });
    const bobs = await client.entries.list();
    await client.login({ login: LOGIN, password: PASSWORD });

    expect(bobs).toEqual([]);
    expect(await client.entries.list()).toHaveLength(1);
    expect((await client.status()).vaults).toMatchObject([{ freshness: 'pinned', seq: 1 }]);
  });
});

function restart(world: World): Device {
  return makeDevice(world.server, { storage: world.device.storage });
}

function tamper(device: Device, keyEnd: string, change: (text: string) => string): void {
  const key = device.storage.keyEndingWith(keyEnd);
  const before = Buffer.from(device.storage.values.get(key)!).toString('latin1');
  const after = change(before);
  expect(after).not.toBe(before);
  device.storage.values.set(key, new Uint8Array(Buffer.from(after, 'latin1')));
}
