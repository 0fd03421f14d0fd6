import {
  AuthError,
  ConflictError,
  DowngradeError,
  IntegrityError,
  LockedError,
  PasswordPolicyError,
  RollbackError,
  RotationIncompleteError,
  type Storage,
  UnlockError,
  type VaultClient,
} from '@zkvault/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Beginning,
  failureOf,
  LOGIN,
  NEW_PASSWORD,
  PASSWORD,
  startWorld,
  type World,
} from './account-world.ts';

let world: World;
let storage: Storage;
let client: VaultClient;
let secretKey: string;
let beginning: Beginning;

beforeAll(async () => {
  world = await startWorld();
  beginning = await world.begin('none');
  ({ secretKey } = beginning);
});
afterAll(() => world.close());
beforeEach(async () => {
  storage = await beginning.restore();
  client = world.client(storage);
  await client.unlock({ password: PASSWORD });
});

const titlesOf = async (of: VaultClient) => (await of.entries.list()).map(({ title }) => title);
const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

/** A device that remembers nothing. */
async function freshDevice(password: string, key = secretKey, login = LOGIN): Promise<VaultClient> {
  const fresh = world.client();
  await fresh.login({ login, password, secretKey: key });
  return fresh;
}

describe('a change of password', () => {
  it('lets the session go on, ends the others, and the old password opens nothing any more', async () => {
    const other = await freshDevice(PASSWORD);

    await client.account.changePassword(change);

    await client.entries.create({ type: 'note', title: 'later' });
    client.lock();
    expect(await failureOf(client.unlock({ password: PASSWORD }))).toBeInstanceOf(UnlockError);
    await client.unlock({ password: NEW_PASSWORD });
    expect(await titlesOf(client)).toEqual(['kept', 'later']);
    expect(await titlesOf(await freshDevice(NEW_PASSWORD))).toEqual(['kept', 'later']);
    expect(await failureOf(other.sync())).toMatchObject({ code: 'invalid-token' });
    expect(await failureOf(freshDevice(PASSWORD))).toBeInstanceOf(AuthError);
  });

  it('sends nothing for a wrong password, the present one again, or one that is too weak', async () => {
    const before = world.sent.length;

    const wrong = await failureOf(
      client.account.changePassword({ ...change, currentPassword: `${PASSWORD}!` }),
    );
    const same = await failureOf(client.account.changePassword({ ...change, newPassword: PASSWORD }));
    const weak = await failureOf(client.account.changePassword({ ...change, newPassword: 'password1234' }));

    expect(wrong).toBeInstanceOf(UnlockError);
    expect(same).toBeInstanceOf(PasswordPolicyError);
    expect(same).toMatchObject({ failures: ['unchanged'] });
    expect(weak).toBeInstanceOf(PasswordPolicyError);
    expect(world.sent).toHaveLength(before);
    client.lock();
    expect(await failureOf(client.account.changePassword(change))).toBeInstanceOf(LockedError);
  });

  it('made elsewhere is a typed error here, which says to log in', async () => {
    await (await freshDevice(PASSWORD)).account.changePassword(change);
    const kept = world.client(storage);
    await kept.unlock({ password: PASSWORD });

    expect(await failureOf(kept.account.changePassword(change))).toMatchObject({ code: 'invalid-token' });
    expect(await failureOf(kept.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(AuthError);
    await kept.login({ login: LOGIN, password: NEW_PASSWORD });
    expect(await titlesOf(kept)).toEqual(['kept']);
  });

  it('goes on from what another device wrote meanwhile', async () => {
    await (await freshDevice(PASSWORD)).recovery.enrol({ password: PASSWORD });

    await client.account.changePassword(change);

    expect(await client.recovery.status()).toEqual({ enrolled: true, keptByServer: true });
  });
});

describe.for(['before', 'after'] as const)('an answer to a rekey that is lost %s it is done', (how) => {
  it('is found out within the call if the server can be asked', async () => {
    world.mishaps.push({ operationId: 'rekey', how });

    const outcome = await client.account.changePassword(change).catch((error: unknown) => error);

    if (how === 'after') expect(outcome).toBeUndefined();
    else expect(outcome).toMatchObject({ name: 'TransportError', maybeApplied: true });
    const holds = how === 'after' ? NEW_PASSWORD : PASSWORD;
    client.lock();
    await client.unlock({ password: holds });
    expect(await titlesOf(await freshDevice(holds))).toEqual(['kept']);
  });

  it('is found out by the retry, in another process, and nothing is lost between', async () => {
    for (const operationId of ['rekey', 'getKeyMaterial', 'getKeyMaterial', 'getKeyMaterial'])
      world.mishaps.push({ operationId, how });

    const lost = await failureOf(client.account.changePassword(change));
    world.mishaps.length = 0;
    await world.forgive();
    const later = world.client(storage);
    await later.unlock({ password: PASSWORD });
    const readable = await titlesOf(later);
    await later.account.changePassword(change);

    expect(lost).toMatchObject({ name: 'TransportError', maybeApplied: true });
    expect(readable).toEqual(['kept']);
    expect(await titlesOf(later)).toEqual(['kept']);
    expect(await titlesOf(await freshDevice(NEW_PASSWORD))).toEqual(['kept']);
    later.lock();
    await later.unlock({ password: NEW_PASSWORD });
  });

  it('keeps the Secret Key that it may have taken', async () => {
    for (const operationId of ['rekey', 'getKeyMaterial', 'getKeyMaterial', 'getKeyMaterial'])
      world.mishaps.push({ operationId, how });

    await failureOf(client.account.renewSecretKey({ password: PASSWORD }));
    world.mishaps.length = 0;
    await world.forgive();
    const later = world.client(storage);
    await later.login({ login: LOGIN, password: PASSWORD });
    const renewed = await later.account.renewSecretKey({ password: PASSWORD });

    expect(await titlesOf(await freshDevice(PASSWORD, renewed.secretKey))).toEqual(['kept']);
    expect(await failureOf(freshDevice(PASSWORD, secretKey))).toBeInstanceOf(AuthError);
  });

  it('lets a new login be found, by the retry and by a login on this device', async () => {
    for (const operationId of ['rekey', 'getKeyMaterial', 'getKeyMaterial', 'getKeyMaterial'])
      world.mishaps.push({ operationId, how });
    const renaming = { password: PASSWORD, newLogin: 'countess@example.com' };

    await failureOf(client.account.changeLogin(renaming));
    world.mishaps.length = 0;
    await world.forgive();
    const later = world.client(storage);
    await later.unlock({ password: PASSWORD });
    const { emergencyKit } = await later.account.changeLogin(renaming);

    expect(emergencyKit).toContain('countess@example.com');
    expect((await later.status()).login).toBe('countess@example.com');
    expect(await titlesOf(await freshDevice(PASSWORD, secretKey, 'countess@example.com'))).toEqual(['kept']);
    expect(await failureOf(freshDevice(PASSWORD))).toBeInstanceOf(AuthError);
  });
});

describe('a server that says that a rekey is done', () => {
  it('B11: and has not done it, changes nothing here and is told of', async () => {
    world.mishaps.push({ operationId: 'rekey', how: { dropped: { seq: 1 } } });

    const failure = await failureOf(client.account.changePassword(change));

    expect(failure).toBeInstanceOf(RotationIncompleteError);
    expect(await titlesOf(client)).toEqual(['kept']);
    client.lock();
    await client.unlock({ password: PASSWORD });
    await client.account.changePassword(change);
    expect(await titlesOf(await freshDevice(NEW_PASSWORD))).toEqual(['kept']);
  });

  it('and has another account state than was sent, halts the session', async () => {
    world.mishaps.push({
      operationId: 'getKeyMaterial',
      how: {
        lie: (answer: { readonly accountState: { readonly seq: number } }) => ({
          ...answer,
          accountState: { ...answer.accountState, seq: answer.accountState.seq + 1 },
        }),
      },
    });

    expect(await failureOf(client.account.changePassword(change))).toBeInstanceOf(IntegrityError);

    const { length } = world.sent;
    expect(await failureOf(client.entries.list())).toBeInstanceOf(IntegrityError);
    expect(await failureOf(client.sync())).toBeInstanceOf(IntegrityError);
    expect(world.sent).toHaveLength(length);
    await client.login({ login: LOGIN, password: NEW_PASSWORD });
    expect(await titlesOf(client)).toEqual(['kept']);
  });

  it('B10: and goes back to what was before, meets a client that remembers', async () => {
    const row = await world.server.db.selectFrom('users').selectAll().executeTakeFirstOrThrow();
    await client.account.changePassword(change);
    await world.server.db
      .updateTable('users')
      .set({ ...row, created_at: undefined })
      .execute();

    expect(await failureOf(client.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(RollbackError);
    expect(await failureOf(client.login({ login: LOGIN, password: NEW_PASSWORD }))).toBeInstanceOf(AuthError);
    const fresh = await freshDevice(PASSWORD);
    expect((await fresh.sync()).freshness).toBe('unanchored');
  });
});

describe('a change of login, profile and Secret Key', () => {
  it('moves everything this device has to the new login', async () => {
    await client.account.changeLogin({ password: PASSWORD, newLogin: 'Countess' });

    await client.entries.create({ type: 'note', title: 'later' });
    client.lock();
    await client.unlock({ password: PASSWORD });
    expect((await client.sync()).freshness).toBe('pinned');
    expect(await titlesOf(client)).toEqual(['kept', 'later']);
    await client.logout();
    await client.login({ login: 'countess', password: PASSWORD });
    await client.logout();
    await client.register({ login: LOGIN, password: PASSWORD });
  });

  it('to one that is taken is refused, and everything stays', async () => {
    await world.client().register({ login: 'bob', password: PASSWORD });

    const failure = await failureOf(client.account.changeLogin({ password: PASSWORD, newLogin: 'bob' }));

    expect(failure).toMatchObject({ name: 'AuthError', code: 'registration-refused' });
    expect(await titlesOf(client)).toEqual(['kept']);
    await client.login({ login: LOGIN, password: PASSWORD });
    expect(
      await failureOf(client.account.changeLogin({ password: PASSWORD, newLogin: LOGIN })),
    ).toBeInstanceOf(RangeError);
  });

  it('raises the KDF profile, never lowers it, and remembers', async () => {
    await client.account.raiseKdfProfile({ password: PASSWORD, profile: 3 });

    const lowered = await failureOf(client.account.raiseKdfProfile({ password: PASSWORD, profile: 1 }));
    const unknown = await failureOf(client.account.raiseKdfProfile({ password: PASSWORD, profile: 2 }));
    await world.server.db.updateTable('users').set({ kdf_profile: 1 }).execute();
    const downgraded = await failureOf(client.login({ login: LOGIN, password: PASSWORD }));

    expect(lowered).toBeInstanceOf(DowngradeError);
    expect(unknown).toMatchObject({ name: 'KdfPolicyError' });
    expect(downgraded).toBeInstanceOf(DowngradeError);
  });

  it('gives a password-only account a Secret Key, which it never goes without again', async () => {
    await world.clear();
    const plain = world.client();
    await plain.register({ login: LOGIN, password: PASSWORD, secretKey: 'none' });
    await plain.login({ login: LOGIN, password: PASSWORD });

    const given = await plain.account.renewSecretKey({ password: PASSWORD });

    expect(given.emergencyKit).toContain(given.secretKey);
    expect(await plain.emergencyKit()).toContain(given.secretKey);
    await plain.login({ login: LOGIN, password: PASSWORD });
    await freshDevice(PASSWORD, given.secretKey);
    expect(await failureOf(world.client().login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(
      AuthError,
    );
  });

  it('onto a login that this device knows another account of is refused', async () => {
    const both = world.client(storage);
    await both.register({ login: 'bob', password: PASSWORD });
    await both.login({ login: LOGIN, password: PASSWORD });
    await world.server.db.deleteFrom('users').where('login', '=', 'bob').execute();

    const failure = await failureOf(both.account.changeLogin({ password: PASSWORD, newLogin: 'bob' }));

    expect(failure).toBeInstanceOf(ConflictError);
    expect(failure).toMatchObject({ code: 'account-known' });
  });
});
