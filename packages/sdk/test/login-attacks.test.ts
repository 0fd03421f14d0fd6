/** @file Attacks A and B of the adversary list: what a server may say at login, and what must come of it. */
import { describe, expect, it } from 'vitest';
import {
  AuthError,
  ConflictError,
  DowngradeError,
  ForkError,
  IntegrityError,
  KdfPolicyError,
  PasswordPolicyError,
  ProtocolError,
  RollbackError,
  UnlockError,
} from '../src/errors.ts';
import { inspectableStorage } from '../src/testing/inspectable-storage.ts';
import { type Answer, type FakeServer, makeFakeServer } from './fake-server.ts';
import {
  failureOf,
  givenEntries,
  givenWorld,
  LOGIN,
  makeDevice,
  PASSWORD,
  pinsOf,
  vaultOf,
  type World,
} from './world.ts';

type Fields = Record<string, unknown>;
const fieldsOf = (answer: Answer): Fields => answer.body as Fields;
const operationsOf = (server: FakeServer): readonly string[] =>
  server.requests.map(({ operationId }) => operationId);

/** Expects a login on a fresh and on a remembering device to fail, with nothing sent after the answer that lied. */
async function expectLoginRefused(
  world: World,
  refusal: abstract new (...args: never[]) => Error,
  lastOperation: 'prelogin' | 'login',
  kdfCalls: number,
): Promise<void> {
  for (const storage of [inspectableStorage(), world.device.storage]) {
    const device = makeDevice(world.server, { storage });
    const pins = pinsOf(storage);
    const stateBefore = (await device.client.status()).state;

    const error = await failureOf(
      device.client.login({ login: LOGIN, password: PASSWORD, secretKey: world.secretKey }),
    );

    expect(error).toBeInstanceOf(refusal);
    expect(operationsOf(world.server).at(-1)).toBe(lastOperation);
    expect(device.kdf.calls.count).toBe(kdfCalls);
    expect(pinsOf(storage)).toEqual(pins);
    expect((await device.client.status()).state).toBe(stateBefore);
    expect((await failureOf(device.client.entries.list())).name).toBe('LockedError');
  }
}

describe('the KDF', () => {
  it.for([
    ['an unknown profile', { profile: 999 }, KdfPolicyError],
    ['profile 0', { profile: 0 }, KdfPolicyError],
    ['a profile as text', { profile: '1' }, KdfPolicyError],
    ['no profile', { profile: null }, KdfPolicyError],
    ['the weak profile', { profile: 2 }, KdfPolicyError],
    ['an empty salt', { salt: '' }, ProtocolError],
    ['a salt of 15 bytes', { salt: 'A'.repeat(20) }, ProtocolError],
    ['a salt of 17 bytes', { salt: `${'A'.repeat(22)}A` }, ProtocolError],
    ['a padded salt', { salt: `${'A'.repeat(22)}==` }, ProtocolError],
    ['a salt with spare bits', { salt: `${'A'.repeat(21)}B` }, ProtocolError],
    ['no salt', { salt: null }, ProtocolError],
    ['a salt as a number', { salt: 1 }, ProtocolError],
    ['a large salt', { salt: 'A'.repeat(40_000) }, ProtocolError],
  ] as const)('is not run for %s', async ([, lie, refusal]) => {
    const world = await givenWorld();
    world.server.lie('prelogin', (answer) => void Object.assign(fieldsOf(answer), lie));

    await expectLoginRefused(world, refusal, 'prelogin', 0);
  });

  it('is not run at a lower profile than this device has seen', async () => {
    const world = await givenWorld({ allowedProfiles: [3, 1] });
    world.server.lie('prelogin', (answer) => void Object.assign(fieldsOf(answer), { profile: 1 }));
    const again = makeDevice(world.server, { storage: world.device.storage });

    const error = await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }));

    expect(error).toBeInstanceOf(DowngradeError);
    expect(again.kdf.calls.count).toBe(0);
    expect(operationsOf(world.server).at(-1)).toBe('prelogin');
  });

  it('is not run at PBKDF2 for a pinned account, even where PBKDF2 is allowed', async () => {
    const world = await givenWorld();
    world.server.lie('prelogin', (answer) => void Object.assign(fieldsOf(answer), { profile: 2 }));
    const fips = makeDevice(world.server, { storage: world.device.storage, allowedProfiles: [2] });

    expect(await failureOf(fips.client.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(
      DowngradeError,
    );
  });

  it('takes no parameter from an answer', async () => {
    const world = await givenWorld();
    world.server.lie(
      'prelogin',
      (answer) => void Object.assign(fieldsOf(answer), { iterations: 1, m: 8, t: 1, secretKey: false }),
    );

    const fresh = await world.freshDevice();

    expect((await fresh.client.status()).state).toBe('unlocked');
  });
});

describe('the Secret Key', () => {
  it('is always mixed in when there is one', async () => {
    const server = makeFakeServer();
    const device = makeDevice(server);
    await device.client.register({ login: LOGIN, password: PASSWORD, secretKey: 'none' });
    const { secretKey } = await makeDevice(makeFakeServer()).client.register({
      login: LOGIN,
      password: PASSWORD,
    });

    const error = await failureOf(
      device.client.login({ login: LOGIN, password: PASSWORD, secretKey: secretKey! }),
    );

    expect(error).toMatchObject({ name: 'AuthError', code: 'invalid-credentials' });
  });

  it('cannot be talked away from a device that knows the account', async () => {
    const world = await givenWorld();
    const { storage } = world.device;
    await storage.delete(storage.keyEndingWith('.secret-key'));
    const sent = world.server.requests.length;
    const again = makeDevice(world.server, { storage });

    const atLogin = await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }));
    const atUnlock = await failureOf(again.client.unlock({ password: PASSWORD }));

    expect(atLogin).toMatchObject({ name: 'DowngradeError', code: 'secret-key-missing' });
    expect(atUnlock).toMatchObject({ name: 'DowngradeError', code: 'secret-key-missing' });
    expect(world.server.requests.length).toBe(sent);
    expect(again.kdf.calls.count).toBe(0);
  });

  it('is needed on a new device, where password alone is an ordinary wrong login', async () => {
    const world = await givenWorld();
    const fresh = makeDevice(world.server);

    const error = await failureOf(fresh.client.login({ login: LOGIN, password: PASSWORD }));

    expect(error).toMatchObject({ name: 'AuthError', code: 'invalid-credentials' });
  });

  it('with a typing error is refused before anything is sent', async () => {
    const world = await givenWorld();
    const sent = world.server.requests.length;
    const wrong = `${world.secretKey.slice(0, -1)}${world.secretKey.endsWith('0') ? '1' : '0'}`;

    const error = await failureOf(
      makeDevice(world.server).client.login({ login: LOGIN, password: PASSWORD, secretKey: wrong }),
    );

    expect(error).toMatchObject({ code: 'secret-key-invalid' });
    expect(world.server.requests.length).toBe(sent);
  });
});

describe('an answer to the login', () => {
  const paths = [
    'accountId',
    'wrap',
    'accountState',
    'akEpoch',
    'vaults',
    'salt',
    'profile',
    'accessToken',
    'refreshToken',
    'tokenType',
    'expiresIn',
    'vaults.0.wrap',
    'vaults.0.manifest',
    'vaults.0.id',
    'vaults.0.vkEpoch',
    'vaults.0.integrity',
    'vaults.0.role',
    'accountState.seq',
    'accountState.ciphertext',
    'wrap.iv',
    'wrap.tag',
    'wrap.ciphertext',
  ];
  const broken = [undefined, null, ''] as const;
  const cases = paths.flatMap((path) => broken.map((value) => [path, value] as const));

  it.for(cases)('without a good %s (%s) is refused, and nothing is made up', async ([path, value]) => {
    const world = await givenWorld();
    world.server.lie('login', (answer) => {
      const names = path.split('.');
      const last = names.pop()!;
      let place = fieldsOf(answer);
      for (const name of names) place = place[name] as Fields;
      if (value === undefined) delete place[last];
      else place[last] = value;
    });

    await expectLoginRefused(world, ProtocolError, 'login', 1);
  });

  it.for<readonly [string, (answer: Fields, world: World) => void, abstract new (...args: never[]) => Error]>(
    [
      [
        'another salt than before',
        (answer) => void Object.assign(answer, { salt: 'A'.repeat(22) }),
        ProtocolError,
      ],
      ['another profile than before', (answer) => void Object.assign(answer, { profile: 3 }), ProtocolError],
      [
        'another account',
        (answer) => void Object.assign(answer, { accountId: crypto.randomUUID() }),
        UnlockError,
      ],
      ['another epoch', (answer) => void Object.assign(answer, { akEpoch: 2 }), UnlockError],
      [
        'a wrap in place of the account state',
        (answer) => void Object.assign(answer, { accountState: { ...(answer['wrap'] as Fields), seq: 0 } }),
        IntegrityError,
      ],
      [
        'a vault key in place of the wrap',
        (answer) => void Object.assign(answer, { wrap: (answer['vaults'] as Fields[])[0]!['wrap'] }),
        UnlockError,
      ],
      [
        'an account state of another number',
        (answer) => void Object.assign(answer['accountState'] as Fields, { seq: 1 }),
        IntegrityError,
      ],
      ['no vault', (answer) => void Object.assign(answer, { vaults: [] }), IntegrityError],
      [
        'one more vault',
        (answer) => {
          const vaults = answer['vaults'] as Fields[];
          vaults.push({ ...vaults[0], id: crypto.randomUUID() });
        },
        IntegrityError,
      ],
      [
        'a vault twice',
        (answer) => void (answer['vaults'] as Fields[]).push((answer['vaults'] as Fields[])[0]!),
        IntegrityError,
      ],
      [
        'a vault of another id',
        (answer) => void Object.assign((answer['vaults'] as Fields[])[0]!, { id: crypto.randomUUID() }),
        IntegrityError,
      ],
      [
        'a vault of another epoch',
        (answer) => void Object.assign((answer['vaults'] as Fields[])[0]!, { vkEpoch: 2 }),
        IntegrityError,
      ],
      [
        'a vault without integrity',
        (answer) => void Object.assign((answer['vaults'] as Fields[])[0]!, { integrity: 'none' }),
        IntegrityError,
      ],
      [
        'another wrap of the vault key',
        (answer) => void Object.assign((answer['vaults'] as Fields[])[0]!, { wrap: answer['wrap'] }),
        IntegrityError,
      ],
      [
        'a token that no header can carry',
        (answer) => void Object.assign(answer, { accessToken: 'a\r\nx: y' }),
        ProtocolError,
      ],
      ['a token with a space', (answer) => void Object.assign(answer, { accessToken: 'a b' }), ProtocolError],
    ],
  )('with %s is refused', async ([, mutate, refusal]) => {
    const world = await givenWorld();
    world.server.lie('login', (answer) => mutate(fieldsOf(answer), world));

    await expectLoginRefused(world, refusal, 'login', 1);
  });

  it('with somebody else’s account is refused', async () => {
    const world = await givenWorld();
    const eve = makeDevice(world.server);
    await eve.client.register({ login: 'eve@example.com', password: PASSWORD });
    const eves = world.server.state.accounts.get('eve@example.com')!;
    world.server.lie('login', (answer) => {
      const { accountId, akEpoch, wrap } = eves.body;
      Object.assign(fieldsOf(answer), { accountId, akEpoch, wrap, accountState: eves.accountState });
    });

    await expectLoginRefused(world, UnlockError, 'login', 1);
  });

  it('is the same for a wrong password and a wrap that was tampered with', async () => {
    const world = await givenWorld();
    const { client } = world.device;
    const wrongPassword = await failureOf(client.unlock({ password: `${PASSWORD}!` }));
    const tooShort = await failureOf(client.unlock({ password: 'short' }));
    world.server.lie('login', (answer) => {
      const wrap = fieldsOf(answer)['wrap'] as Fields;
      const tag = wrap['tag'] as string;
      wrap['tag'] = `${tag.startsWith('A') ? 'Q' : 'A'}${tag.slice(1)}`;
    });

    const tampered = await failureOf(client.login({ login: LOGIN, password: PASSWORD }));

    expect(tampered).toBeInstanceOf(UnlockError);
    expect({ ...tampered, message: tampered.message }).toEqual({
      ...wrongPassword,
      message: wrongPassword.message,
    });
    expect(tooShort).toEqual(wrongPassword);
  });

  it('may hold any token, because none is looked into', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const payload = Buffer.from(JSON.stringify({ amr: ['external'], role: 'admin', exp: 1 })).toString(
      'base64url',
    );
    for (const token of [`eyJhbGciOiJub25lIn0.${payload}.`, '~~~', '..']) {
      world.server.lie('login', (answer) => {
        const session = world.server.state.sessions.at(-1)!;
        session.accessToken = token;
        Object.assign(fieldsOf(answer), { accessToken: token });
      });
      const fresh = await world.freshDevice();

      expect(await fresh.client.entries.list()).toHaveLength(1);
      world.server.state.sessions.at(-1)!.accessToken = 'used';
    }
  });
});

describe('an account state of the past', () => {
  it('is refused by a device that knows a later one', async () => {
    const world = await givenWorld();
    const past = [...world.server.state.accounts.values()][0]!.accountState!;
    for (let count = 0; count < 17; count += 1) await givenEntries(world.device, `${count}`);
    [...world.server.state.accounts.values()][0]!.accountState = past;
    const again = makeDevice(world.server, { storage: world.device.storage });

    const error = await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }));

    expect(error).toBeInstanceOf(RollbackError);
  });

  it('is refused as another branch if it does not follow the one that is known', async () => {
    const world = await givenWorld();
    const second = await world.freshDevice();
    await second.client.sync();
    const { accounts } = world.server.snapshot();
    for (let count = 0; count < 17; count += 1) await givenEntries(world.device, `ours ${count}`);
    world.server.restore({ accounts, sessions: world.server.snapshot().sessions });
    for (let count = 0; count < 17; count += 1) await givenEntries(second, `theirs ${count}`);
    const again = makeDevice(world.server, { storage: world.device.storage });

    const error = await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }));

    expect(error).toBeInstanceOf(ForkError);
  });
});

describe('a registration', () => {
  it('is refused with everything that the password lacks, before anything is sent', async () => {
    const server = makeFakeServer();
    const { client } = makeDevice(server, {
      passwordPolicy: { minLength: 20, minScore: 3, requireClasses: true },
    });

    const error = await failureOf(client.register({ login: LOGIN, password: 'password1234' }));

    expect(error).toBeInstanceOf(PasswordPolicyError);
    expect((error as PasswordPolicyError).failures).toEqual(
      expect.arrayContaining(['too-short', 'upper-missing', 'symbol-missing']),
    );
    expect(server.requests).toEqual([]);
  });

  it('with another id in the answer is not taken for done', async () => {
    const server = makeFakeServer();
    const { client, storage } = makeDevice(server);
    server.lie(
      'register',
      (answer) => void Object.assign(fieldsOf(answer), { accountId: crypto.randomUUID() }),
    );

    const error = await failureOf(client.register({ login: LOGIN, password: PASSWORD }));

    expect(error).toBeInstanceOf(ProtocolError);
    expect(pinsOf(storage)).toBeUndefined();
  });

  it('that lost its answer leaves the Secret Key that opens the account', async () => {
    const server = makeFakeServer();
    const { client } = makeDevice(server);
    server.lie('register', () => Promise.reject(new TypeError('terminated')));
    await failureOf(client.register({ login: LOGIN, password: PASSWORD }));
    server.honest();

    const again = await failureOf(client.register({ login: LOGIN, password: PASSWORD }));
    await client.login({ login: LOGIN, password: PASSWORD }).catch(() => undefined);

    expect(again).toMatchObject({ name: 'AuthError', code: 'registration-refused' });
    expect((await client.status()).state).toBe('unlocked');
    expect(await client.emergencyKit()).toContain('ZK1-');
  });

  it('of a taken login leaves no Secret Key behind', async () => {
    const world = await givenWorld();
    const { client, storage } = makeDevice(world.server);

    const error = await failureOf(client.register({ login: LOGIN, password: PASSWORD }));

    expect(error).toBeInstanceOf(AuthError);
    expect([...storage.values.keys()]).toEqual(['zkv1.device']);
  });

  it('over an account this device knows is refused before anything is sent', async () => {
    const world = await givenWorld();
    const sent = world.server.requests.length;

    const error = await failureOf(
      world.device.client.register({ login: LOGIN.toUpperCase(), password: PASSWORD }),
    );

    expect(error).toBeInstanceOf(ConflictError);
    expect(world.server.requests.length).toBe(sent);
  });

  it('gives a kit that says what a new device needs', async () => {
    const server = makeFakeServer();
    const { client } = makeDevice(server, { now: () => Date.UTC(2026, 10, 22) });

    const { secretKey, emergencyKit } = await client.register({ login: LOGIN, password: PASSWORD });

    expect(secretKey).toMatch(/^ZK1-/);
    for (const part of [secretKey!, LOGIN, 'https://vault.example', '2026-11-22'])
      expect(emergencyKit).toContain(part);
    expect(emergencyKit).not.toContain(PASSWORD);
  });

  it('without a Secret Key is an explicit choice', async () => {
    const server = makeFakeServer();
    const { client } = makeDevice(server);

    const { secretKey, emergencyKit } = await client.register({
      login: LOGIN,
      password: PASSWORD,
      secretKey: 'none',
    });
    await client.login({ login: LOGIN, password: PASSWORD });

    expect([secretKey, emergencyKit]).toEqual([null, null]);
    expect(await client.emergencyKit()).toBeNull();
    expect(vaultOf(server).seq).toBe(0);
  });
});

describe('two deployments', () => {
  it('get different keys for the same login, password and salt', async () => {
    const servers = [makeFakeServer('https://a.example'), makeFakeServer('https://b.example')] as const;
    const [first, second] = servers.map((server, index) =>
      makeDevice(server, { baseUrl: index === 0 ? 'https://a.example' : 'https://b.example' }),
    ) as [ReturnType<typeof makeDevice>, ReturnType<typeof makeDevice>];
    const { secretKey } = await first.client.register({ login: LOGIN, password: PASSWORD });
    const { accounts } = servers[0].snapshot();
    servers[1].restore({ accounts, sessions: [] });

    const error = await failureOf(
      second.client.login({ login: LOGIN, password: PASSWORD, secretKey: secretKey! }),
    );

    expect(error).toMatchObject({ name: 'AuthError', code: 'invalid-credentials' });
  });
});
