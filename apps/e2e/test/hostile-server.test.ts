/**
 * @file The hostile server before the real one: attacks that need the whole state of a server, rolled back,
 * forked, swapped between people, or written to and not written to.
 */
import { createVaultClient, ForkError, RollbackError, type VaultClient, ZkvaultError } from '@zkvault/sdk';
import {
  findLeaks,
  type HostileServer,
  type InspectableStorage,
  inspectableStorage,
  makeFakeClock,
  makeInsecureKdf,
  spellingsOf,
} from '@zkvault/sdk/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeRealStage } from './real-stage.ts';

const password = 'seven cats juggle 42 turnips';
const clock = makeFakeClock();
let stage: Awaited<ReturnType<typeof makeRealStage>>;
let server: HostileServer<string>;
let people = 0;

beforeAll(async () => {
  stage = await makeRealStage();
  ({ server } = stage);
});
beforeEach(() => {
  server.honest();
  server.forget();
});
afterAll(() => stage.close());

interface Person {
  readonly login: string;
  readonly secretKey: string;
  readonly client: VaultClient;
  readonly storage: InspectableStorage;
}

function makeClient(storage: InspectableStorage): VaultClient {
  const { baseUrl } = stage;
  const passwordPolicy = { minLength: 12, minScore: 0, requireClasses: false } as const;
  return createVaultClient({
    baseUrl,
    storage,
    kdf: makeInsecureKdf(),
    fetch: server.fetch,
    now: clock.now,
    passwordPolicy,
  });
}

/** Somebody with a registered account, logged in, with one entry. */
async function givenPerson(): Promise<Person> {
  people += 1;
  const login = `person-${people}@example.com`;
  const storage = inspectableStorage();
  const client = makeClient(storage);
  const { secretKey } = await client.register({ login, password });
  await client.login({ login, password });
  await client.entries.create({ type: 'login', title: 'bank', password: `canary-${login}` });
  return { login, secretKey: secretKey!, client, storage };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the real server, made hostile', () => {
  it('C9 whole-vault rollback: its database of yesterday is refused by a device that remembers today', async () => {
    const ada = await givenPerson();
    const yesterday = await server.snapshot();
    await ada.client.entries.create({ type: 'note', title: 'today' });

    await server.restore(yesterday);

    expect(await failureOf(ada.client.sync())).toBeInstanceOf(RollbackError);
    expect(await failureOf(ada.client.entries.list())).toBeInstanceOf(RollbackError);
  });

  it('C10 fork: two devices that were shown two histories meet as a fork', async () => {
    const { login, secretKey, client } = await givenPerson();
    const phone = makeClient(inspectableStorage());
    await phone.login({ login, password, secretKey });
    await phone.sync();
    const common = await server.snapshot();
    await client.entries.create({ type: 'note', title: 'of the laptop' });
    await server.restore(common);
    await phone.entries.create({ type: 'note', title: 'of the phone' });

    expect(await failureOf(client.sync())).toBeInstanceOf(ForkError);
  });

  it('C16 write-ack lie: a write that was answered and not done is found missing', async () => {
    const { client } = await givenPerson();
    server.dropWrites(({ operationId }) => operationId === 'commitVault');
    await client.entries.create({ type: 'note', title: 'dropped' });
    server.honest();

    expect(await failureOf(client.sync())).toBeInstanceOf(RollbackError);
  });

  it('C3 cross-user move: everything of another person, under the own ids, opens nowhere', async () => {
    const [ada, eve] = [await givenPerson(), await givenPerson()];
    server.swapUser(ada.login, eve.login);

    expect(await failureOf(ada.client.sync())).toBeInstanceOf(ZkvaultError);
    const again = makeClient(inspectableStorage());
    const { login, secretKey } = ada;
    expect(await failureOf(again.login({ login, password, secretKey }))).toBeInstanceOf(ZkvaultError);

    server.honest();
    await again.login({ login, password, secretKey });
    expect(await again.entries.list()).toMatchObject([{ password: `canary-${login}` }]);
  });

  it('F1 refresh token reuse: a renewal played again ends the session, and the client says so', async () => {
    const { client } = await givenPerson();
    clock.advance(3_600_000);
    await client.sync();
    const renewal = server.traffic.find(({ operationId }) => operationId === 'refresh')!;
    clock.advance(3_600_000);
    await client.sync();

    const replayed = await server.replay(renewal.id);

    expect(replayed.status).toBe(401);
    expect(await failureOf(client.sync())).toMatchObject({ name: 'AuthError', code: 'invalid-token' });
  });

  it('I3: nothing that leaves the client holds a password, a key or what is inside', async () => {
    const { client, login, secretKey } = await givenPerson();
    await client.account.update({ fullName: 'Ada' });
    await client.secondFactor.setup({ password });

    const secrets = [password, secretKey, client.exportUnlockKey(), `canary-${login}`];

    expect(server.traffic.length).toBeGreaterThan(5);
    expect(findLeaks(server.traffic, secrets.flatMap(spellingsOf))).toEqual([]);
    // What must be found shows that the search would find.
    expect(findLeaks(server.traffic, spellingsOf(login)).length).toBeGreaterThan(0);
  });
});
