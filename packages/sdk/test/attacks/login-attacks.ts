/** @file A1 to A14 of the adversary list, as far as a client must beat them: what a server may say at a login. */
import type { BodyOf, login as loginRoute } from '@zkvault/contract';
import { expect } from 'vitest';
import { DowngradeError, KdfPolicyError, ProtocolError, TransportError } from '../../src/errors.ts';
import { inspectableStorage } from '../../src/testing/inspectable-storage.ts';
import { makeFakeServer } from '../fake-server.ts';
import { type Device, failureOf, LOGIN, makeDevice, PASSWORD, pinsOf } from '../world.ts';
import { type Attack, attack, type Battle, givenBattle } from './attack.ts';

/** Expects a login to fail before any work on the password, on a fresh and on a pinned device, with nothing sent after it. */
async function expectNoWork(
  battle: Battle,
  lie: object | ((said: Record<string, unknown>) => void),
  refusal: abstract new (...args: never[]) => Error,
): Promise<void> {
  for (const storage of [inspectableStorage(), battle.device.storage]) {
    const pins = pinsOf(storage);
    const device = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });
    const told = battle.hostile.mutate('prelogin', ({ json }) => {
      if (typeof lie === 'function') lie(json as Record<string, unknown>);
      else Object.assign(json as object, lie);
    });
    const sent = battle.hostile.record();
    const error = await failureOf(
      device.client.login({ login: LOGIN, password: PASSWORD, secretKey: battle.secretKey }),
    );

    told();
    expect(error, JSON.stringify(lie)).toBeInstanceOf(refusal);
    expect(device.kdf.calls.count).toBe(0);
    expect(sent.map(({ operationId }) => operationId)).toEqual(['prelogin']);
    expect(pinsOf(storage)).toEqual(pins);
  }
}

/** The key that a login proves the password with. */
async function authKeyOf({ client }: Device, battle: Pick<Battle, 'hostile' | 'secretKey'>): Promise<string> {
  const sent = battle.hostile.record();
  await client.login({ login: LOGIN, password: PASSWORD, secretKey: battle.secretKey });
  const body = sent.find(({ operationId }) => operationId === 'login')!.request as BodyOf<typeof loginRoute>;
  return body.authKey;
}

const elsewhere = 'https://sink.example/';

/** Redirects every call of a session. Only a write that was taken all the same may succeed: its verified history says so. */
async function expectNotFollowed(status: number): Promise<void> {
  const calls: readonly (readonly [string, (device: Device) => Promise<unknown>])[] = [
    ['prelogin', ({ client }) => client.login({ login: LOGIN, password: PASSWORD })],
    ['login', ({ client }) => client.login({ login: LOGIN, password: PASSWORD })],
    ['getChanges', ({ client }) => client.sync()],
    ['commitVault', ({ client }) => client.entries.create({ type: 'note', title: 'x' })],
  ];
  const { hostile, server, device } = await givenBattle();
  for (const [operation, call] of calls) {
    const told = hostile.mutate(operation, (answer) => {
      answer.status = status;
      answer.headers.set('location', elsewhere);
    });
    const again = makeDevice(server, { fetch: hostile.fetch, storage: device.storage });
    await again.client.unlock({ unlockKey: device.client.exportUnlockKey() });
    const outcome = await call(again).catch((error: unknown) => error);
    told();
    if (operation === 'commitVault') expect(outcome).toMatchObject({ title: 'x' });
    else expect(outcome).toBeInstanceOf(TransportError);
  }
  expect(hostile.strayed).toEqual([]);
}

export const loginAttacks: readonly Attack[] = [
  attack(
    'A1',
    'KDF cost downgrade at prelogin: no profile but a known one, no parameter at all',
    async () => {
      const battle = await givenBattle();
      const honest = await authKeyOf(battle.device, battle);

      for (const profile of [0, 2, 4, 999, -1, 1.5, '1', null, [1], { id: 1 }])
        await expectNoWork(battle, { profile }, KdfPolicyError);
      await expectNoWork(battle, (said) => delete said['profile'], KdfPolicyError);

      battle.hostile.mutate('prelogin', ({ json }) => {
        Object.assign(json as object, { iterations: 1, m: 8, t: 1, memoryKib: 8, parallelism: 1 });
      });
      expect(await authKeyOf(await battle.freshDevice(), battle)).toBe(honest);
    },
  ),
  attack(
    'A2',
    'KDF algorithm downgrade: PBKDF2 is refused unless asked for, and never after Argon2id',
    async () => {
      const battle = await givenBattle();
      await expectNoWork(battle, { profile: 2 }, KdfPolicyError);
      battle.hostile.mutate('prelogin', ({ json }) => void Object.assign(json as object, { profile: 2 }));
      const { storage } = battle.device;
      const fips = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage, allowedProfiles: [2] });

      const error = await failureOf(fips.client.login({ login: LOGIN, password: PASSWORD }));

      expect(error).toBeInstanceOf(DowngradeError);
      expect(fips.kdf.calls.count).toBe(0);
    },
  ),
  attack('A3', 'KDF inflation and malformed salts: 16 bytes of canonical base64url, or no work', async () => {
    const battle = await givenBattle();
    const salts = [
      '',
      'AA',
      'A'.repeat(20),
      `${'A'.repeat(22)}A`,
      `${'A'.repeat(22)}==`,
      `${'A'.repeat(21)}B`,
      1,
      null,
    ];

    for (const salt of [...salts, ` ${'A'.repeat(21)}`, '+'.repeat(22), 'A'.repeat(60_000)])
      await expectNoWork(battle, { salt }, ProtocolError);
    await expectNoWork(battle, { salt: 'A'.repeat(1_000_000) }, TransportError);
  }),
  attack(
    'A4',
    'salt replay: the same salt is another one for another login or another deployment',
    async () => {
      const keys = new Set<string>();
      for (const [login, realm] of [
        [LOGIN, 'one'],
        ['eve@example.com', 'one'],
        [LOGIN, 'two'],
      ] as const) {
        const server = makeFakeServer();
        const { client } = makeDevice(server, { realm });
        server.lie('prelogin', ({ body }) => void Object.assign(body as object, { salt: 'A'.repeat(22) }));
        await client.register({ login, password: PASSWORD, secretKey: 'none' });
        await failureOf(client.login({ login, password: PASSWORD }));
        keys.add((server.requests.at(-1)!.body as { authKey: string }).authKey);
      }

      expect(keys.size).toBe(3);
    },
  ),
  attack(
    'A10',
    'secret sent where the server says: no redirect is followed and no URL is read from an answer',
    async () => {
      await Promise.all([301, 302, 303, 307, 308].map(expectNotFollowed));
      const battle = await givenBattle();
      battle.hostile.mutate('*', ({ json }) => {
        const urls = {
          keyConnectorUrl: elsewhere,
          apiUrl: elsewhere,
          iconsUrl: elsewhere,
          location: elsewhere,
        };
        if (typeof json === 'object' && json !== null) Object.assign(json, urls);
      });
      const fresh = await battle.freshDevice();
      await fresh.client.entries.list();

      expect(battle.hostile.strayed).toEqual([]);
      expect(new Set(battle.hostile.traffic.map(({ url }) => url.origin))).toEqual(
        new Set(['https://vault.example']),
      );
      expect(new Set(battle.hostile.traffic.map(({ init }) => init.redirect))).toEqual(new Set(['error']));
    },
  ),
  attack(
    'A14',
    'auth-method or second-secret downgrade: a Secret Key that was given is mixed in, whatever is said',
    async () => {
      const battle = await givenBattle();
      const honest = await authKeyOf(battle.device, battle);
      battle.hostile.mutate('prelogin', ({ json }) => {
        Object.assign(json as object, { secretKey: false, skFlag: 0, authMethod: 'password' });
      });

      expect(await authKeyOf(makeDevice(battle.server, { fetch: battle.hostile.fetch }), battle)).toBe(
        honest,
      );

      const { storage } = battle.device;
      await storage.delete(storage.keyEndingWith('.secret-key'));
      const without = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });
      const sent = battle.hostile.record();
      expect(await failureOf(without.client.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(
        DowngradeError,
      );
      expect(without.kdf.calls.count).toBe(0);
      expect(sent).toEqual([]);
    },
  ),
  attack('F7', 'client decisions from tokens: any token is carried, and none is looked into', async () => {
    const battle = await givenBattle();
    const claims = btoa(JSON.stringify({ amr: ['external'], role: 'admin', exp: 1 })).replaceAll('=', '');
    for (const token of [`eyJhbGciOiJub25lIn0.${claims}.`, '~~~', '..', 'x'.repeat(4_000)]) {
      const told = battle.hostile.mutate('login', ({ json }) => {
        battle.server.state.sessions.at(-1)!.accessToken = token;
        Object.assign(json as object, { accessToken: token });
      });
      const fresh = await battle.freshDevice();

      expect(await fresh.client.entries.list()).toHaveLength(3);
      battle.server.state.sessions.at(-1)!.accessToken = 'used';
      told();
    }
  }),
];
