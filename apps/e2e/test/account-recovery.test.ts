import {
  AuthError,
  ConflictError,
  IntegrityError,
  memoryStorage,
  ProtocolError,
  RollbackError,
  RotationIncompleteError,
  type Storage,
  TransportError,
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
let beginning: Beginning;
let storage: Storage;
let client: VaultClient;

beforeAll(async () => {
  world = await startWorld();
  beginning = await world.begin('generate');
});
afterAll(() => world.close());
beforeEach(async () => {
  storage = await beginning.restore();
  client = world.client(storage);
  await client.unlock({ password: PASSWORD });
  world.sent.length = 0;
});

const titlesOf = async (of: VaultClient) => (await of.entries.list()).map(({ title }) => title);
const enrolled = { enrolled: true, keptByServer: true };
const proof = { password: PASSWORD };

function recovery(recoveryKey: string = beginning.recoveryKey) {
  return { login: LOGIN, recoveryKey, newPassword: NEW_PASSWORD };
}

async function freshDevice(password: string, secretKey = beginning.secretKey): Promise<VaultClient> {
  const fresh = world.client();
  await fresh.login({ login: LOGIN, password, secretKey });
  return fresh;
}

interface KeyAnswer {
  akEpoch: number;
  recoveryId: string;
  recoveryWrap: { ciphertext: string };
  wrap: { ciphertext: string };
  accountState: object;
  vaults: { wrap: object }[];
}

describe('a recovery key', () => {
  it('recovers the account with everything new, and is void then', async () => {
    const device = world.client();

    const recovered = await device.recover(recovery());

    expect(await titlesOf(device)).toEqual(['kept']);
    expect(await device.recovery.status()).toEqual(enrolled);
    expect(recovered.recoveryKey).toMatch(/^ZKR1-/);
    expect(recovered.emergencyKit).toContain(recovered.secretKey);
    expect([beginning.recoveryKey, beginning.secretKey]).not.toContain(recovered.recoveryKey);
    expect(recovered.secretKey).not.toBe(beginning.secretKey);
    expect(await failureOf(client.sync())).toMatchObject({ code: 'invalid-token' });
    expect(await failureOf(world.client().recover(recovery()))).toMatchObject({
      code: 'invalid-credentials',
    });
    expect(await failureOf(freshDevice(PASSWORD))).toBeInstanceOf(AuthError);
    await freshDevice(NEW_PASSWORD, recovered.secretKey ?? '');
    device.lock();
    await device.unlock({ password: NEW_PASSWORD });
    const again = await world.client().recover({ ...recovery(recovered.recoveryKey), newPassword: PASSWORD });
    expect(again.recoveryKey).not.toBe(recovered.recoveryKey);
  });

  it('recovers on a device with a memory, which goes on from there', async () => {
    const device = world.client(storage);

    await device.recover(recovery());

    expect((await device.sync()).freshness).toBe('pinned');
    await device.entries.create({ type: 'note', title: 'later' });
    expect(await titlesOf(device)).toEqual(['kept', 'later']);
  });

  it('is renewed and removed with the password; the one before is void', async () => {
    const { recoveryKey } = await client.recovery.renew(proof);
    const old = await failureOf(world.client().recover(recovery()));
    await client.recovery.remove(proof);
    const removed = await failureOf(world.client().recover(recovery(recoveryKey)));

    expect(old).toMatchObject({ code: 'invalid-credentials' });
    expect(removed).toMatchObject({ code: 'invalid-credentials' });
    expect(await client.recovery.status()).toEqual({ enrolled: false, keptByServer: false });
    expect(await failureOf(client.recovery.renew(proof))).toMatchObject({ code: 'recovery-missing' });
    const { recoveryKey: third } = await client.recovery.enrol(proof);
    await world.client().recover(recovery(third));
  });

  it('is neither sent nor made for a wrong password, and one that is none is not sent', async () => {
    expect(await failureOf(client.recovery.enrol({ password: `${PASSWORD}!` }))).toBeInstanceOf(UnlockError);
    expect(await failureOf(world.client().recover(recovery('ZKR1-nonsense')))).toBeInstanceOf(ProtocolError);
    expect(await failureOf(world.client().recover(recovery(beginning.secretKey)))).toBeInstanceOf(
      ProtocolError,
    );
    expect(world.sent).toEqual([]);
  });

  it('stays good through a change of password', async () => {
    await client.account.changePassword({
      currentPassword: PASSWORD,
      newPassword: 'seven cats juggle 42 turnips',
    });

    const device = world.client();
    await device.recover(recovery());

    expect(await titlesOf(device)).toEqual(['kept']);
  });

  it('that a server dropped while it said that it took it is told of', async () => {
    world.mishaps.push({ operationId: 'getRecovery', how: { lie: () => ({ recovery: null }) } });

    expect(await failureOf(client.recovery.enrol(proof))).toBeInstanceOf(RotationIncompleteError);
  });
});

describe('D3: a server that plays the recovery', () => {
  it('with another wrap is an UnlockError, and nothing more is sent', async () => {
    world.mishaps.push({
      operationId: 'recover',
      how: { lie: (answer: KeyAnswer) => ({ ...answer, recoveryWrap: answer.vaults[0]!.wrap }) },
    });

    expect(await failureOf(world.client().recover(recovery()))).toBeInstanceOf(UnlockError);
    expect(world.sent.map(({ operationId }) => operationId)).toEqual(['recover']);
  });

  it('with the wrap under another name or epoch is an UnlockError', async () => {
    for (const change of [{ recoveryId: '5c6973e6-78bb-4a88-b8b4-20178c6a57f7' }, { akEpoch: 2 }]) {
      world.mishaps.push({
        operationId: 'recover',
        how: { lie: (answer: KeyAnswer) => ({ ...answer, ...change }) },
      });
      expect(await failureOf(world.client().recover(recovery()))).toBeInstanceOf(UnlockError);
    }
  });

  it('with an account state of its own is an IntegrityError', async () => {
    await world.client().register({ login: 'mallory', password: PASSWORD });
    const { state_ciphertext, state_iv, state_tag } = await world.server.db
      .selectFrom('users')
      .selectAll()
      .where('login', '=', 'mallory')
      .executeTakeFirstOrThrow();
    world.sent.length = 0;
    const accountState = { ciphertext: state_ciphertext, iv: state_iv, tag: state_tag, seq: 0 };
    world.mishaps.push({
      operationId: 'recover',
      how: { lie: (answer: KeyAnswer) => ({ ...answer, accountState }) },
    });

    expect(await failureOf(world.client().recover(recovery()))).toBeInstanceOf(IntegrityError);
    expect(world.sent.map(({ operationId }) => operationId)).toEqual(['recover']);
  });

  it('with a recovery key that was renewed since is an IntegrityError: the account state names another', async () => {
    const former = await world.server.db.selectFrom('recovery_keys').selectAll().executeTakeFirstOrThrow();
    await client.recovery.renew(proof);
    await world.server.db
      .updateTable('recovery_keys')
      .set({ ...former, created_at: undefined })
      .execute();

    expect(await failureOf(world.client().recover(recovery()))).toMatchObject({
      name: 'IntegrityError',
      code: 'recovery-key-void',
    });
  });

  it('with an old copy of everything meets a device that remembers, and not one that does not', async () => {
    const old = await world.server.db.selectFrom('users').selectAll().executeTakeFirstOrThrow();
    const oldKey = await world.server.db.selectFrom('recovery_keys').selectAll().executeTakeFirstOrThrow();
    await client.recovery.renew(proof);
    await world.server.db
      .updateTable('users')
      .set({ ...old, created_at: undefined })
      .execute();
    await world.server.db
      .updateTable('recovery_keys')
      .set({ ...oldKey, created_at: undefined })
      .execute();

    expect(await failureOf(world.client(storage).recover(recovery()))).toBeInstanceOf(RollbackError);
    const fresh = world.client();
    await fresh.recover(recovery());
    expect((await fresh.sync()).freshness).toBe('unanchored');
  });

  it('and says that it is done when it is not is told of, and the old keys hold', async () => {
    const device = world.client();
    world.mishaps.push({
      operationId: 'completeRecovery',
      how: { lie: (answer: KeyAnswer) => ({ ...answer, wrap: answer.vaults[0]!.wrap }) },
    });

    expect(await failureOf(device.recover(recovery()))).toBeInstanceOf(RotationIncompleteError);
    expect((await device.status()).state).toBe('logged-out');
  });
});

describe('a server caught lying at a recovery', () => {
  it('halts the session that was open before it', async () => {
    world.mishaps.push({
      operationId: 'recover',
      how: {
        lie: (answer: KeyAnswer) => ({
          ...answer,
          vaults: answer.vaults.map((vault) => ({ ...vault, wrap: answer.wrap ?? answer.recoveryWrap })),
        }),
      },
    });

    expect(await failureOf(client.recover(recovery()))).toBeInstanceOf(IntegrityError);

    const sent = world.sent.length;
    expect(await failureOf(client.entries.list())).toBeInstanceOf(IntegrityError);
    expect(await failureOf(client.sync())).toBeInstanceOf(IntegrityError);
    expect(await failureOf(client.recovery.status())).toBeInstanceOf(IntegrityError);
    expect(world.sent).toHaveLength(sent);
  });
});

describe.for(['before', 'after'] as const)('an answer to a recovery that is lost %s it is done', (how) => {
  it('is found out by logging in, and the new recovery key is shown all the same', async () => {
    world.mishaps.push({ operationId: 'completeRecovery', how });
    const device = world.client();

    const outcome = await device.recover(recovery()).catch((error: unknown) => error);

    if (how === 'before') {
      expect(outcome).toBeInstanceOf(TransportError);
      await world.forgive();
      await device.recover(recovery());
    } else expect(outcome).toMatchObject({ recoveryKey: expect.stringMatching(/^ZKR1-/) });
    expect(await titlesOf(device)).toEqual(['kept']);
  });

  it('leaves a device that can log in with what may have been taken, the Secret Key included', async () => {
    world.mishaps.push({ operationId: 'completeRecovery', how }, { operationId: 'login', how: 'before' });
    const kept = memoryStorage();
    const lost = await failureOf(world.client(kept).recover(recovery()));
    const device = world.client(kept);

    if (how === 'before') await device.recover(recovery());
    else await device.login({ login: LOGIN, password: NEW_PASSWORD });

    expect(lost).toMatchObject({ name: 'TransportError', maybeApplied: true });
    expect(await titlesOf(device)).toEqual(['kept']);
    await device.recovery.renew({ password: NEW_PASSWORD });
    expect(await device.emergencyKit()).toContain('ZK1-');
  });
});

describe('a rotation of the account key', () => {
  it('gives a new recovery key, ends other sessions and makes exported unlock keys void', async () => {
    const other = await freshDevice(PASSWORD);
    const unlockKey = client.exportUnlockKey();

    const { recoveryKey } = await client.account.rotateKeys(proof);

    await client.entries.create({ type: 'note', title: 'later' });
    client.lock();
    expect(await failureOf(client.unlock({ unlockKey }))).toBeInstanceOf(UnlockError);
    await client.unlock(proof);
    expect((await client.sync()).freshness).toBe('pinned');
    expect(await failureOf(other.sync())).toMatchObject({ name: 'AuthError', code: 'invalid-token' });
    expect(await failureOf(world.client().recover(recovery()))).toMatchObject({
      code: 'invalid-credentials',
    });
    const fresh = world.client();
    await fresh.recover(recovery(recoveryKey ?? ''));
    expect(await titlesOf(fresh)).toEqual(['kept', 'later']);
  });

  it('leaves another device its memory: pins under the old key are checked, and lies still found', async () => {
    const kept = memoryStorage();
    const other = world.client(kept);
    await other.login({ login: LOGIN, password: PASSWORD, secretKey: beginning.secretKey });
    await other.sync();
    const old = await world.server.db.selectFrom('users').selectAll().executeTakeFirstOrThrow();
    const oldVault = await world.server.db.selectFrom('vaults').selectAll().executeTakeFirstOrThrow();
    await client.account.rotateKeys(proof);
    await client.account.rotateKeys(proof);

    await other.login({ login: LOGIN, password: PASSWORD });
    const freshness = (await other.sync()).freshness;
    await world.server.db
      .updateTable('users')
      .set({ ...old, created_at: undefined })
      .execute();
    await world.server.db
      .updateTable('vaults')
      .set({ ...oldVault, created_at: undefined })
      .execute();

    expect(freshness).toBe('pinned');
    expect(await failureOf(other.login({ login: LOGIN, password: PASSWORD }))).toBeInstanceOf(RollbackError);
  });

  it('keeps a recovery key that is given, and makes none where there is none', async () => {
    const kept = await client.account.rotateKeys({ ...proof, recoveryKey: beginning.recoveryKey });
    await client.recovery.remove(proof);
    const none = await client.account.rotateKeys(proof);

    expect([kept, none]).toEqual([{ recoveryKey: null }, { recoveryKey: null }]);
    expect(await client.recovery.status()).toEqual({ enrolled: false, keptByServer: false });
    expect(await failureOf(world.client().recover(recovery()))).toBeInstanceOf(AuthError);
  });

  it('B9: wraps for nobody that a server adds', async () => {
    await client.recovery.remove(proof);
    const added = {
      recoveryEnrolled: true,
      recovery: { id: '5c6973e6-78bb-4a88-b8b4-20178c6a57f7', createdAt: '2026-01-01T00:00:00.000Z' },
      orgPublicKey: 'A'.repeat(43),
      members: [{ id: '5c6973e6-78bb-4a88-b8b4-20178c6a57f7', publicKey: 'A'.repeat(43) }],
    };
    for (const operationId of ['getKeyMaterial', 'rotateKeys', 'getRecovery', 'getKeyMaterial'])
      world.mishaps.push({ operationId, how: { lie: (answer: object) => ({ ...answer, ...added }) } });
    world.sent.length = 0;

    const { recoveryKey } = await client.account.rotateKeys(proof);

    expect(recoveryKey).toBeNull();
    const bodies = world.sent.filter(({ operationId }) => operationId === 'rotateKeys');
    expect(bodies).toHaveLength(1);
    expect(bodies[0]?.body).toMatchObject({ recovery: null, vaults: [{ id: expect.any(String) }] });
    expect(Object.keys(bodies[0]?.body ?? {}).toSorted()).toEqual(
      ['accountState', 'akEpoch', 'authKey', 'ifSeq', 'recovery', 'vaults', 'wrap'].toSorted(),
    );
  });

  it('B1: an answer that lacks something makes nothing in its place', async () => {
    for (const name of ['wrap', 'accountState', 'akEpoch', 'vaults'])
      for (const value of [null, undefined]) {
        world.mishaps.push({
          operationId: 'recover',
          how: { lie: (answer: object) => ({ ...answer, [name === 'wrap' ? 'recoveryWrap' : name]: value }) },
        });
        world.sent.length = 0;
        const failure = await failureOf(world.client().recover(recovery()));
        expect(failure.name).toMatch(/^(?:ProtocolError|IntegrityError)$/);
        expect(world.sent).toHaveLength(1);
        await world.forgive();
      }
  });
});

const outcomes = [
  ['before it arrives', 'before'],
  ['after it was done', 'after'],
  ['by a lie', { dropped: { seq: 1 } }],
] as const;

describe.for(outcomes)('B11: a rotation that breaks off %s', ([, how]) => {
  it('leaves every entry readable, here and elsewhere, and a retry converges', async () => {
    const isLie = typeof how === 'object';
    world.mishaps.push({ operationId: 'rotateKeys', how });
    if (!isLie)
      for (let count = 0; count < 3; count += 1)
        world.mishaps.push({ operationId: 'getKeyMaterial', how: 'before' });

    const failure = await failureOf(client.account.rotateKeys(proof));
    world.mishaps.length = 0;

    expect(failure).toBeInstanceOf(isLie ? RotationIncompleteError : TransportError);
    expect(await titlesOf(client)).toEqual(['kept']);
    // The process ends here; the next one has what was stored.
    const later = world.client(storage);
    await later.unlock(proof);
    expect(await titlesOf(later)).toEqual(['kept']);
    expect(await titlesOf(await freshDevice(PASSWORD))).toEqual(['kept']);
    const { recoveryKey } = await later.account.rotateKeys(proof);
    await later.entries.create({ type: 'note', title: 'later' });
    expect(await titlesOf(await freshDevice(PASSWORD))).toEqual(['kept', 'later']);
    await world.client().recover(recovery(recoveryKey ?? ''));
  });
});

describe('B11: a server that did half of a rotation', () => {
  it('is told of, the account stays whole here, and the retry repairs it', async () => {
    const { wrap_ciphertext, wrap_iv, wrap_tag } = await world.server.db
      .selectFrom('vaults')
      .selectAll()
      .executeTakeFirstOrThrow();
    world.mishaps.push({ operationId: 'rotateKeys', how: 'after' });
    for (let count = 0; count < 3; count += 1)
      world.mishaps.push({ operationId: 'getKeyMaterial', how: 'before' });
    await failureOf(client.account.rotateKeys(proof));
    world.mishaps.length = 0;
    await world.server.db.updateTable('vaults').set({ wrap_ciphertext, wrap_iv, wrap_tag }).execute();

    expect(await failureOf(freshDevice(PASSWORD))).toBeInstanceOf(IntegrityError);
    expect(await titlesOf(client)).toEqual(['kept']);
    const later = world.client(storage);
    await later.unlock(proof);
    await later.account.rotateKeys(proof);

    expect(await titlesOf(later)).toEqual(['kept']);
    expect(await titlesOf(await freshDevice(PASSWORD))).toEqual(['kept']);
  });

  it('in what it answers is told of', async () => {
    world.mishaps.push({
      operationId: 'getKeyMaterial',
      how: {
        lie: (answer: KeyAnswer) => ({
          ...answer,
          vaults: answer.vaults.map((vault) => ({ ...vault, wrap: answer.wrap })),
        }),
      },
    });

    expect(await failureOf(client.account.rotateKeys(proof))).toBeInstanceOf(RotationIncompleteError);
    expect(await titlesOf(client)).toEqual(['kept']);
    await client.account.rotateKeys(proof);
    expect(await failureOf(client.recovery.renew({ password: NEW_PASSWORD }))).not.toBeInstanceOf(
      ConflictError,
    );
  });
});
